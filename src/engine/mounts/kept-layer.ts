/**
 * A writable layer on a disk, which outlives the run and is there again at the next.
 *
 *      DIR/upper   what was written        DIR/work   the kernel's, while it is mounted
 *      DIR/empty   what lies below, where the image is put together of mounts and has no root of its own
 *      DIR/copy    instead of both, where nothing can lay a layer there: the whole image
 *      DIR/used.<owner>                    who writes; there is one at most
 */
import { chmod, chown, lstat, mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { messageOf, systemCodeOf } from '#base/errors.js';
import { layerBusy, layerUnusable } from '../errors.js';
import { findMarks, openMark, type Mark } from '../lifecycle/marks.js';

export interface KeptLayer {
  /** Absolute. */
  readonly directory: string;
  /** Whether the image was copied into it by an earlier run. */
  readonly hasCopy: boolean;
  /** Another may write from then on. What was written stays. */
  readonly close: () => Promise<void>;
}

const TRIES_MAX = 5;
const RELEASE_MS_MAX = 5_000;

/** Makes the directory where it is missing, 0700. Throws LAYER_BUSY where somebody else writes to it. */
export async function openKeptLayer(directory: string): Promise<KeptLayer> {
  await mkdir(directory, { recursive: true, mode: 0o700 }).catch((thrown: unknown) => {
    throw layerUnusable(directory, messageOf(thrown), thrown);
  });
  await refuseForeign(directory);
  for (let tries = 1; ; tries += 1) {
    const mark = await openMark(directory, 'used').catch((thrown: unknown) => {
      throw layerUnusable(directory, messageOf(thrown), thrown);
    });
    try {
      const { live, stale } = await findMarks(directory, 'used');
      if (live.every((name) => name === mark.name)) {
        if (stale > 0) await waitForRelease(directory);
        const hasCopy = (await lstat(join(directory, 'copy')).catch(() => undefined))?.isDirectory() === true;
        return { directory, hasCopy, close: () => release(directory, mark) };
      }
    } catch (thrown) {
      await mark.close();
      throw thrown;
    }
    await mark.close();
    if (tries === TRIES_MAX) throw layerBusy(directory);
    // Two that come at once have seen each other, and both step back.
    await delay(10 + Math.random() * 40);
  }
}

/** The kernel leaves a directory that forbids its own owner to look into it: `rm -r` would fail. */
async function release(directory: string, mark: Mark): Promise<void> {
  await chmod(join(directory, 'work/work'), 0o700).catch(() => undefined);
  await mark.close();
}

/** Whoever else could write there could put a link in the layer's place, and have root write elsewhere. */
async function refuseForeign(directory: string): Promise<void> {
  const uid = process.getuid?.() ?? 0;
  for (const path of [directory, join(directory, 'upper'), join(directory, 'work')]) {
    const found = await lstat(path).catch((thrown: unknown) => {
      if (systemCodeOf(thrown) === 'ENOENT') return undefined;
      throw layerUnusable(directory, messageOf(thrown), thrown);
    });
    if (found === undefined) continue;
    if (!found.isDirectory()) throw layerUnusable(directory, `${path} is not a directory`);
    if (path !== directory) continue;
    if (found.uid !== uid) throw layerUnusable(directory, `it belongs to uid ${found.uid}`);
    if ((found.mode & 0o022) !== 0) throw layerUnusable(directory, 'others may write to it');
  }
}

/** The processes of one that was killed end a moment later than itself, and its mounts with them. */
async function waitForRelease(directory: string): Promise<void> {
  const deadline = performance.now() + RELEASE_MS_MAX;
  while ((await isMounted(directory)) && performance.now() < deadline) await delay(10);
}

async function isMounted(directory: string): Promise<boolean> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  // As a part of the path that is mounted there: the kernel names it from the root of its own file system.
  const tail = directory.split('/').slice(-2).join('/');
  for (const pid of pids) {
    const table = await readFile(`/proc/${pid}/mountinfo`, 'utf8').catch(() => '');
    if (table.includes(`/${tail} `)) return true;
  }
  return false;
}

/** Makes what the kernel wants to find in it. The attributes of `upper` are those of the container's root. */
export async function makeUpper(
  directory: string,
  { mode, owner }: { mode: number; owner?: { readonly uid: number; readonly gid: number } | undefined },
): Promise<void> {
  const upper = join(directory, 'upper');
  const isNew = await mkdir(upper, { mode: 0o700 }).then(
    () => true,
    (thrown: unknown) => {
      if (systemCodeOf(thrown) === 'EEXIST') return false;
      throw layerUnusable(directory, messageOf(thrown), thrown);
    },
  );
  if (isNew) {
    if (owner !== undefined) await chown(upper, owner.uid, owner.gid);
    await chmod(upper, mode);
  }
  await mkdir(join(directory, 'work'), { recursive: true, mode: 0o700 });
  await mkdir(join(directory, 'empty'), { recursive: true, mode: 0o755 });
}
