/** Containers in the background, through the built program, and what is on disk and in /proc of them. */
import { cp, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { listContainers, type Container, type ContainerRoots } from '#containers/containers.js';
import { choosePaths } from '#base/paths.js';
import { openCli, type Cli } from './cli.js';
import { needUserNamespaces } from './need.js';
import { makeRootfs } from './rootfs.js';

export interface Background extends Cli {
  /** A root file system with sh, cat, ls, touch and sleep. */
  readonly rootfs: string;
  readonly roots: ContainerRoots;
  /** Ids and names are unique: the container that has one of them, as it is on disk. */
  find(what: string): Promise<Container | undefined>;
  list(): Promise<readonly Container[]>;
  /** All that it has written so far. */
  output(id: string, stream?: 'stdout' | 'stderr'): Promise<string>;
}

/** Skips the test, with a reason, where no container can be run. */
export async function openBackground(context: Mocha.Context): Promise<Background> {
  needUserNamespaces(context);
  const cli = await openCli();
  const rootfs = await makeRootfs(join(cli.root, 'rootfs'));
  await cp('/bin/sleep', join(rootfs, 'bin/sleep'), { dereference: true });
  const roots = choosePaths({ env: cli.env, uid: process.getuid?.() ?? 0, home: cli.env['HOME'] ?? '' }).containers;
  const list = async () => (await listContainers(roots)).containers;
  return {
    ...cli,
    rootfs,
    roots,
    list,
    find: async (what) => (await list()).find(({ record }) => record.id === what || record.name === what),
    async output(id, stream = 'stdout') {
      const text = await readFile(join(roots.kept, id, 'output.jsonl'), 'utf8');
      const lines = text
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line) as { stream: string; text?: string; base64?: string });
      return lines
        .filter((line) => line.stream === stream)
        .map((line) => line.text ?? Buffer.from(line.base64 ?? '', 'base64').toString('latin1'))
        .join('');
    },
    async close() {
      for (const { state } of await list()) killQuietly(state.monitor?.pid);
      await until(async () => (await findProcesses(cli.root)).length === 0, 'all processes of the test have ended');
      await cli.close();
    },
  };
}

/** Asks again and again until it is so; says after a while what it never was. */
export async function until(isSo: () => boolean | Promise<boolean>, what: string, withinMs = 60_000): Promise<void> {
  const deadline = performance.now() + withinMs;
  while (!(await isSo())) {
    if (performance.now() > deadline) throw new Error(`it never was so within ${withinMs} ms: ${what}`);
    await delay(20);
  }
}

/** Processes with this text in their arguments or environment, the tests' own aside: monitors have the environment of their test. */
export async function findProcesses(text: string): Promise<{ pid: number; words: string }[]> {
  const found = [];
  for (const name of (await readdir('/proc')).filter((entry) => /^\d+$/.test(entry))) {
    const pid = Number(name);
    const words = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    const env = await readFile(`/proc/${pid}/environ`, 'latin1').catch(() => '');
    if (pid !== process.pid && (words.includes(text) || env.includes(text))) found.push({ pid, words: words.replaceAll('\0', ' ') });
  }
  return found;
}

export function killQuietly(pid: number | undefined, signal: NodeJS.Signals = 'SIGKILL'): void {
  try {
    if (pid !== undefined) process.kill(pid, signal);
  } catch {
    // It has ended already.
  }
}
