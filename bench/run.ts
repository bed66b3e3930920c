/**
 * What `bulkhead run` takes beyond what must be: a bare `crun run` of the same root file system, and a bare `node -e 0`. Time from
 * start to end of a command that does nothing; memory of all processes but the command's while one waits.
 */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeRootfs } from '../test/helpers/rootfs.js';
import { median, program } from './starts.js';

type Way = 'node' | 'crun' | 'embeddedRun' | 'crunRun';

export interface RunCosts {
  /** Medians, in milliseconds. */
  readonly timeMs: Readonly<Record<Way, number>>;
  /** Medians, in MiB; each page is shared out among those that have it. */
  readonly memoryMiB: Readonly<Record<Way, number>>;
}

const rounds = { time: 15, memory: 3 };
const ways: readonly Way[] = ['node', 'crun', 'embeddedRun', 'crunRun'];

/** Undefined where there is no crun, or nobody who may use it without a user namespace. */
export async function measureRuns(directory: string): Promise<RunCosts | undefined> {
  if (process.getuid?.() !== 0 || spawnSync('crun', ['--version']).error !== undefined) return undefined;
  const image = await makeRootfs(join(directory, 'image'));
  const words = (way: Way, script: string): string[] => wordsOf(way, { directory, image, script });
  const times: Record<Way, number[]> = { node: [], crun: [], embeddedRun: [], crunRun: [] };
  const memories: Record<Way, number[]> = { node: [], crun: [], embeddedRun: [], crunRun: [] };
  // In turn, so that all see the same machine; the first round warms the caches and does not count.
  for (let round = 0; round <= rounds.time; round++) {
    for (const way of ways) {
      const tookMs = timeCommand(words(way, ':'), directory);
      if (round > 0) times[way].push(tookMs);
    }
  }
  for (let round = 0; round < rounds.memory; round++) {
    for (const way of ways) memories[way].push(await weigh(words(way, 'echo up; read -r end'), directory));
  }
  return { timeMs: mediansOf(times), memoryMiB: mediansOf(memories) };
}

function mediansOf(all: Readonly<Record<Way, readonly number[]>>): Record<Way, number> {
  return Object.fromEntries(Object.entries(all).map(([way, values]) => [way, median(values)])) as Record<Way, number>;
}

let bundles = 0;

function wordsOf(way: Way, { directory, image, script }: { directory: string; image: string; script: string }): string[] {
  if (way === 'node') return [process.execPath, '-e', script === ':' ? '0' : 'console.log("up"); process.stdin.resume()'];
  if (way === 'crun') return composeCrun(directory, { image, script });
  const runtime = way === 'crunRun' ? 'crun' : 'embedded';
  return [process.execPath, program, 'run', '--runtime', runtime, image, '/bin/sh', '-c', script];
}

/** As short as crun can be: what hybrid control groups need, and a mount namespace of its own. */
function composeCrun(directory: string, { image, script }: { image: string; script: string }): string[] {
  const bundle = join(directory, `bundle-${(bundles += 1)}`);
  mkdirSync(bundle);
  const spec = {
    ociVersion: '1.0.2',
    process: { args: ['/bin/sh', '-c', script], cwd: '/', user: { uid: 0, gid: 0 }, env: ['PATH=/bin'], noNewPrivileges: true },
    root: { path: image, readonly: true },
    mounts: [
      { destination: '/proc', type: 'proc', source: 'proc' },
      { destination: '/dev', type: 'tmpfs', source: 'tmpfs', options: ['nosuid', 'mode=755'] },
    ],
    linux: { namespaces: ['mount', 'pid', 'ipc', 'uts'].map((type) => ({ type })) },
  };
  writeFileSync(join(bundle, 'config.json'), JSON.stringify(spec));
  const line = `mount -t tmpfs none /sys/fs/cgroup; exec crun --cgroup-manager=disabled run --bundle ${bundle} bench-${process.pid}-${bundles}`;
  return ['unshare', '--mount', 'sh', '-c', line];
}

function environment(directory: string): NodeJS.ProcessEnv {
  return { PATH: process.env['PATH'], HOME: directory, XDG_RUNTIME_DIR: directory, BULKHEAD_ROOT: join(directory, 'system') };
}

function timeCommand([file = '', ...words]: readonly string[], directory: string): number {
  const startedAtMs = performance.now();
  execFileSync(file, words, { env: environment(directory), stdio: ['ignore', 'ignore', 'inherit'] });
  return performance.now() - startedAtMs;
}

/** Of all processes that are there while the command waits, but the command itself. */
async function weigh([file = '', ...words]: readonly string[], directory: string): Promise<number> {
  const child = spawn(file, words, { env: environment(directory), stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = once(child, 'close');
  await once(child.stdout, 'data');
  const family = listFamily(child.pid ?? 0).filter((pid) => !readText(`/proc/${pid}/cmdline`).startsWith('/bin/sh\0-c\0echo up'));
  const kib = family.reduce((sum, pid) => sum + Number(/^Pss:\s+(\d+) kB$/m.exec(readText(`/proc/${pid}/smaps_rollup`))?.[1] ?? 0), 0);
  child.stdin.end('end\n');
  await ended;
  return kib / 1024;
}

function listFamily(pid: number): number[] {
  const family = [pid];
  for (let index = 0; index < family.length; index += 1) {
    const tasks = `/proc/${family[index] ?? 0}/task`;
    for (const task of readdirSync(tasks)) family.push(...readText(`${tasks}/${task}/children`).split(' ').filter(Boolean).map(Number));
  }
  return family;
}

/** What has ended meanwhile weighs nothing. */
function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
