/** Bundles in the plugin directory of a test's user, whose program is a small one of Node. */
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Cli } from './cli.js';

/** `answer(params, socket)`: what it says to a question that is no greeting, such as `{ result: { program: 'crun' } }`; nothing where it says nothing. */
const PRELUDE = `
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';
const hello = { protocol: 1, contract: { version: '1.0.0', callbacks: { runtime: '1.0.0', network: '1.0.0' } } };
function serve(answer, greeting = hello) {
  createServer((socket) => {
    socket.on('error', () => undefined);
    // The instance of a container ends with it; that of a network lasts.
    socket.on('close', () => process.argv.includes('--id') || process.exit(0));
    createInterface({ input: socket }).on('line', (line) => {
      const { id, method, params } = JSON.parse(line);
      const said = method === 'hello' ? { result: greeting } : answer(params, socket);
      if (said) socket.write(JSON.stringify({ jsonrpc: '2.0', id, ...said }) + '\\n');
    });
  }).listen({ fd: 3 });
}
`;

/** Places it, or puts it in the place of the one that is there. Answers with its directory. */
export async function placeBundle(cli: Cli, name: string, program: string, { type = 'runtime' } = {}): Promise<string> {
  const directory = join(userPlugins(cli), name);
  const executable = join(directory, 'bin', name);
  await mkdir(join(directory, 'bin'), { recursive: true });
  await writeFile(join(directory, 'plugin.json'), JSON.stringify({ type: [type], abstract: 'of a test' }));
  // A module needs a name that says so; the program itself is a script that starts it.
  await writeFile(join(directory, 'program.mjs'), `${PRELUDE}\n${program}\n`);
  await writeFile(executable, `#!/bin/sh\nexec '${process.execPath}' '${directory}/program.mjs' "$@"\n`);
  // Whatever the umask: nobody else may write to any of it.
  for (const path of [userPlugins(cli), directory, join(directory, 'bin'), executable]) await chmod(path, 0o755);
  for (const path of ['plugin.json', 'program.mjs']) await chmod(join(directory, path), 0o644);
  return directory;
}

export function userPlugins(cli: Cli): string {
  return join(cli.env['HOME'] ?? '', '.local/libexec/bulkhead/plugin');
}
