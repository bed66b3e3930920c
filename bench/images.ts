/**
 * What an image of 10,000 files costs to bring into the store and to make a root of, against `skopeo copy` and `umoci unpack` of the same
 * image in the same run, in turn: `npm run bench:images`, or with a directory of your own, such as debootstrap makes, as an argument.
 * All of it is written anew each time, below TMPDIR. A ratio over 1 is marked, and the exit code is then 1.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeImage, importImage, openImageStore, openLocalImage, openRoot, type ImageSource } from '#images/images.js';

const ROUNDS = 3;
const FILES = 10_000;
const FILES_PER_DIRECTORY = 50;

const directory = mkdtempSync(join(tmpdir(), 'bulkhead-bench-'));
try {
  const layout = makeImage(process.argv[2] ?? makeTree(join(directory, 'tree')));
  const source = await openLocalImage({ scheme: 'oci', path: layout, tag: 'image' });
  const theirs: number[][] = [];
  const ours: number[][] = [];
  for (let round = 0; round < ROUNDS; round++) {
    theirs.push(measureTheirs(layout, join(directory, `theirs-${round}`)));
    ours.push(await measureOurs(source, join(directory, `ours-${round}`)));
  }
  report(theirs, ours);
} finally {
  rmSync(directory, { recursive: true, force: true });
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

function makeImage(tree: string): string {
  const layout = join(directory, 'layout');
  execFileSync('umoci', ['init', '--layout', layout]);
  execFileSync('umoci', ['new', '--image', `${layout}:image`]);
  execFileSync('umoci', ['insert', '--image', `${layout}:image`, tree, '/']);
  return layout;
}

/** In ms: copy, unpack. */
function measureTheirs(layout: string, place: string): number[] {
  mkdirSync(place);
  const rootless = process.getuid?.() === 0 ? [] : ['--rootless'];
  const copyMs = measure(() =>
    execFileSync('skopeo', ['--insecure-policy', 'copy', '--quiet', `oci:${layout}:image`, `oci:${place}/copy:image`]),
  );
  const unpackMs = measure(() =>
    execFileSync('umoci', ['unpack', ...rootless, '--image', `${place}/copy:image`, `${place}/bundle`], { stdio: 'ignore' }),
  );
  rmSync(place, { recursive: true });
  return [copyMs, unpackMs];
}

/** In ms: copy, root as a squashfs, root as a directory. */
async function measureOurs(source: ImageSource, place: string): Promise<number[]> {
  const store = await openImageStore(place);
  const importMs = await measureAsync(() => importImage(store, source, { name: 'bench' }));
  const image = await describeImage(source);
  const make = (kind: 'squashfs' | 'directory') =>
    measureAsync(async () => (await openRoot(store, { source, image, kind, holder: 'bench' })).release());
  const times = [importMs, await make('squashfs'), await make('directory')];
  rmSync(place, { recursive: true });
  return times;
}

function measure(work: () => unknown): number {
  const atMs = performance.now();
  work();
  return performance.now() - atMs;
}

async function measureAsync(work: () => Promise<unknown>): Promise<number> {
  const atMs = performance.now();
  await work();
  return performance.now() - atMs;
}

function report(theirs: readonly number[][], ours: readonly number[][]): void {
  const [copy = 0, unpack = 0] = medians(theirs);
  const [bring = 0, squashfs = 0, unpacked = 0] = medians(ours);
  const line = (what: string, ms: number, against?: number): string =>
    `${what.padEnd(48)}${ms.toFixed(0).padStart(7)} ms${against === undefined ? '' : `${(ms / against).toFixed(2).padStart(8)} x${ms > against ? '  OVER' : ''}`}`;
  const lines = [
    line('skopeo copy', copy),
    line('into the store', bring, copy),
    line('umoci unpack', unpack),
    line('layers to one squashfs', squashfs, unpack),
    line('layers to a directory', unpacked, unpack),
    line('skopeo copy and umoci unpack', copy + unpack),
    line('into the store and to one squashfs', bring + squashfs, copy + unpack),
    line('into the store and to a directory', bring + unpacked, copy + unpack),
  ];
  process.stdout.write(`Node ${process.version}, ${process.arch}, medians of ${ROUNDS}\n\n${lines.join('\n')}\n`);
  process.exitCode = lines.slice(-2).some((text) => text.endsWith('OVER')) ? 1 : 0;
}

function medians(rounds: readonly number[][]): number[] {
  return (rounds[0] ?? []).map(
    (_, index) => rounds.map((round) => round[index] ?? 0).toSorted((one, other) => one - other)[Math.floor(ROUNDS / 2)] ?? 0,
  );
}
