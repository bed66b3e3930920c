import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Cli } from './cli.js';

/** Compiles a version of `test/plugin` from what stands between the braces of `definePlugin({ … })`; answers with its file. */
export async function compileVersion(cli: Cli, version: string, members: string, { name = 'test/plugin' } = {}): Promise<string> {
  const directory = join(cli.root, 'versions', name.replaceAll('/', '-'), version);
  await mkdir(directory, { recursive: true });
  const source = `import { definePlugin } from '@bulkhead/plugin-sdk';
export default definePlugin({ name: '${name}', version: '${version}', author: 'a', description: 'd', ${members} } as never);`;
  await writeFile(join(directory, 'plugin.ts'), source);
  return cli.compile(directory);
}
