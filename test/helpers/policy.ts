import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Cli } from './cli.js';

/** Writes the operator's `bulkhead.toml`; whatever the umask, nobody else may write to it. */
export async function writeConfig(cli: Cli, text: string): Promise<string> {
  const file = join(cli.env['BULKHEAD_ROOT'] ?? '', 'usr/local/etc/bulkhead/bulkhead.toml');
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, text);
  await chmod(file, 0o644);
  return file;
}
