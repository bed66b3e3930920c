import { cp, mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { repository } from './cli.js';

/** What a host is built from. */
const sources = ['bin', 'src', 'plugin-sdk', 'scripts', 'samples/template', 'package.json', 'tsconfig.json'];

/**
 * Builds a host out of these sources, changed: another release. `edits` gives for a file what it is to be instead, from what it is,
 * which is nothing for a file that is not there. Answers with its program.
 */
export async function buildOtherHost(directory: string, edits: Readonly<Record<string, (text: string) => string>>): Promise<string> {
  for (const source of sources) await cp(join(repository, source), join(directory, source), { recursive: true, filter: isSource });
  for (const [file, edit] of Object.entries(edits)) {
    const path = join(directory, file);
    await writeFile(path, edit(await readFile(path, 'utf8').catch(() => '')));
  }
  await linkPackages(directory);
  for (const script of ['scripts/contract.ts', 'scripts/build.ts'])
    await execa(process.execPath, ['--import=tsx', '--conditions=bulkhead-source', script], { cwd: directory });
  return join(directory, 'bin/run.js');
}

function isSource(path: string): boolean {
  return !/\/plugin-sdk\/(?:dist|node_modules)(?:\/|$)/.test(path);
}

/** All packages of this repository, but its own SDK. */
async function linkPackages(directory: string): Promise<void> {
  const from = join(repository, 'node_modules');
  const to = join(directory, 'node_modules');
  await mkdir(join(to, '@bulkhead'), { recursive: true });
  for (const name of await readdir(from)) if (name !== '@bulkhead') await symlink(join(from, name), join(to, name));
  await rm(join(to, '@bulkhead/plugin-sdk'), { force: true });
  await symlink('../../plugin-sdk', join(to, '@bulkhead/plugin-sdk'));
}
