import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Cli } from './cli.js';

/** Installs a plugin from the source of its definition: what stands between the braces of `definePlugin({ … })`. */
export async function installSource(
  cli: Cli,
  members: string,
  { name = 'test/plugin', flags = [] as readonly string[] } = {},
): Promise<void> {
  const directory = join(cli.root, name.replaceAll('/', '-'));
  await mkdir(directory, { recursive: true });
  const source = `import { definePlugin } from '@bulkhead/plugin-sdk';
export default definePlugin({ name: '${name}', version: '1.0.0', author: 'a', description: 'd', ${members} } as never);`;
  await writeFile(join(directory, 'plugin.ts'), source);
  await cli.install(directory, ...flags);
}
