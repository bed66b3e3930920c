/**
 * What an image of some 10,000 files costs to pull and to make a root of, against `skopeo copy` and `umoci unpack` of the same image from
 * the same registry on loopback in the same run, in turn: `npm run bench:images`. The files are a Debian that debootstrap makes (which
 * takes root and a mirror), those of a directory that is named as an argument, or else made here. All of it is written anew each time,
 * below TMPDIR. A ratio over 1 is marked, and the exit code is then 1.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  addImage,
  describeStoredImage,
  openImageStore,
  openRoot,
  pullFromRegistry,
  type ImageStore,
  type NamedImage,
} from '#images/images.js';
import { openStoredSource } from '#images/store/images.js';
import { openDockerRegistry, pushImage } from '../test/images/registry/fixtures/docker-registry.js';

const ROUNDS = 3;
const FILES = 10_000;
const FILES_PER_DIRECTORY = 50;
/** With these it has 11,000 files, 380 MB. */
const DEBIAN = ['--variant=minbase', '--include=git,python3', 'bookworm'];

const directory = mkdtempSync(join(tmpdir(), 'bulkhead-bench-'));
const registry = await openDockerRegistry(directory);
try {
  const tree = process.argv[2] ?? makeDebian(join(directory, 'debian')) ?? makeTree(join(directory, 'tree'));
  const reference = `docker://${registry.host}/bench/image:1`;
  await pushImage(directory, reference, { root: tree, config: ['--config.cmd', '/bin/true'] });
  const files = execFileSync('find', [tree, '-printf', '.'], { maxBuffer: 16 * 1_048_576 }).length;
  const theirs: number[][] = [];
  const ours: number[][] = [];
  for (let round = 0; round < ROUNDS; round++) {
    theirs.push(measureTheirs(reference, join(directory, `theirs-${round}`)));
    ours.push(await measureOurs(reference, join(directory, `ours-${round}`)));
  }
  report({ tree, files }, theirs, ours);
} finally {
  await registry.close();
  rmSync(directory, { recursive: true, force: true });
}

/** Undefined where it cannot be made. */
function makeDebian(path: string): string | undefined {
  const { status } = spawnSync('debootstrap', [...DEBIAN, path], { stdio: 'ignore' });
  return status === 0 ? path : undefined;
}

/** Sizes from nothing to 200 KiB, most of them small, 160 MB in all; words and bytes in turn, the same each time. */
function makeTree(path: string): string {
  const words = Buffer.from(Array.from({ length: 40_000 }, (_, index) => `word${(index * 7919) % 997} `).join(''));
  let state = 1;
  const noise = Buffer.from(Array.from({ length: 200 * 1024 }, () => (state = (state * 1_103_515_245 + 12_345) % 2 ** 31) >> 16));
  for (let index = 0; index < FILES; index++) {
    const place = join(path, `directory-${Math.floor(index / FILES_PER_DIRECTORY)}`);
    if (index % FILES_PER_DIRECTORY === 0) mkdirSync(place, { recursive: true });
    const size = ((index * 7919) % 100) ** 2 * 20 * (index % 10 === 0 ? 1 : 0.15);
    writeFileSync(join(place, `file-${index}`), (index % 3 === 0 ? noise : words).subarray(0, Math.floor(size)));
  }
  return path;
}

/** In ms: pull, unpack. */
function measureTheirs(reference: string, place: string): number[] {
  mkdirSync(place);
  const rootless = process.getuid?.() === 0 ? [] : ['--rootless'];
  const pullMs = measure(() =>
    execFileSync('skopeo', ['--insecure-policy', 'copy', '--quiet', '--src-tls-verify=false', reference, `oci:${place}/copy:image`]),
  );
  const unpackMs = measure(() =>
    execFileSync('umoci', ['unpack', ...rootless, '--image', `${place}/copy:image`, `${place}/bundle`], { stdio: 'ignore' }),
  );
  rmSync(place, { recursive: true });
  return [pullMs, unpackMs];
}

/** In ms: pull, root as a squashfs, root as a directory. */
async function measureOurs(reference: string, place: string): Promise<number[]> {
  const store = await openImageStore(place);
  const [pullMs, named] = await measureAsync(() => pull(store, reference));
  const image = await describeStoredImage(store, named);
  const make = async (kind: 'squashfs' | 'directory'): Promise<number> => {
    const request = { source: openStoredSource(store, named), image, kind, holder: 'bench' };
    const [ms] = await measureAsync(async () => (await openRoot(store, request)).release());
    return ms;
  };
  const times = [pullMs, await make('squashfs'), await make('directory')];
  rmSync(place, { recursive: true });
  return times;
}

function pull(store: ImageStore, name: string): Promise<NamedImage> {
  const signal = AbortSignal.timeout(600_000);
  return addImage(store, {
    name,
    fill: async (sink) => {
      const { mediaType, digest, manifestBytes } = await pullFromRegistry(name, { sink, env: {}, signal });
      return { mediaType, digest, size: manifestBytes };
    },
  });
}

function measure(work: () => unknown): number {
  const atMs = performance.now();
  work();
  return performance.now() - atMs;
}

async function measureAsync<Result>(work: () => Promise<Result>): Promise<[ms: number, result: Result]> {
  const atMs = performance.now();
  const result = await work();
  return [performance.now() - atMs, result];
}

function report({ tree, files }: { tree: string; files: number }, theirs: readonly number[][], ours: readonly number[][]): void {
  const [copy = 0, unpack = 0] = medians(theirs);
  const [bring = 0, squashfs = 0, unpacked = 0] = medians(ours);
  const line = (what: string, ms: number, against?: number): string =>
    `${what.padEnd(48)}${ms.toFixed(0).padStart(7)} ms${against === undefined ? '' : `${(ms / against).toFixed(2).padStart(8)} x${ms > against ? '  OVER' : ''}`}`;
  const lines = [
    line('skopeo copy', copy),
    line('pull', bring, copy),
    line('umoci unpack', unpack),
    line('layers to one squashfs', squashfs, unpack),
    line('layers to a directory', unpacked, unpack),
    line('skopeo copy and umoci unpack', copy + unpack),
    line('pull and to one squashfs', bring + squashfs, copy + unpack),
    line('pull and to a directory', bring + unpacked, copy + unpack),
  ];
  process.stdout.write(
    `Node ${process.version}, ${process.arch}, medians of ${ROUNDS}, ${files} files of ${tree}\n\n${lines.join('\n')}\n`,
  );
  process.exitCode = lines.slice(-2).some((text) => text.endsWith('OVER')) ? 1 : 0;
}

function medians(rounds: readonly number[][]): number[] {
  return (rounds[0] ?? []).map(
    (_, index) => rounds.map((round) => round[index] ?? 0).toSorted((one, other) => one - other)[Math.floor(ROUNDS / 2)] ?? 0,
  );
}
