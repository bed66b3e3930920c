/**
 * An image that must be mounted before its root can be planned: the chain mounts it at SESSION/image, the engine looks at it there
 * through /proc/PID/root, and then writes down the rest of the session.
 */
import { mkdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { BulkheadError, systemCodeOf } from '#base/errors.js';
import { composeProgram, type SessionProgram } from '../drivers/program.js';
import { PROGRAMS_MAX, writeStage, type Stage } from '../drivers/stage.js';
import { imageDriverFailed, imageDriverInvalid } from '../errors.js';
import type { ImageMount } from '../images/choose-mount.js';
import type { DirectoryImage } from '../images/image.js';
import { renderFstab, type FstabLine } from '../mounts/fstab.js';
import { hideSession } from '../mounts/layout.js';
import type { Chain } from '../runtimes/chain.js';
import { IMAGE_FSTAB_FILE, SCRIPT_FILE, writeImageScript } from '../runtimes/script.js';
import type { Tools } from '../tools.js';
import { untilStopped } from './stop.js';

/** How long a mounted image may take to answer: a program may mount, and then say nothing more. */
const ANSWER_MS = 10_000;

/** What is to be mounted in the session, under this name. */
export interface NamedMount {
  readonly mount: ImageMount;
  readonly name: string;
  /** What the user called it. */
  readonly what: string;
}

/** Writes the script that mounts the image, and what lies over it. Answers with the stage in which it does. */
export async function prepareMounts(
  mounts: readonly NamedMount[],
  { session, tools }: { readonly session: string; readonly tools: Tools },
): Promise<Stage> {
  const lines = hideSession(session);
  const programs: SessionProgram[] = [];
  for (const { mount, name, what } of mounts) {
    const target = join(session, name);
    await mkdir(target, { mode: 0o755 });
    if (mount.kind === 'kernel') lines.push(mountFile(mount, target));
    else programs.push(composeProgram(mount.program, { what, target, values: mount.values }));
  }
  if (programs.length > PROGRAMS_MAX) throw imageDriverInvalid(mounts[0]?.what ?? '', `more than ${PROGRAMS_MAX} programs would be needed`);
  const stage: Stage = { name: 'images', programs, first: 0 };
  const script = writeImageScript({ session, tools, stage: writeStage(stage.name, programs, { tools, first: 0 }) });
  const files = { [IMAGE_FSTAB_FILE]: renderFstab(lines), [SCRIPT_FILE]: script };
  for (const [name, text] of Object.entries(files)) await writeFile(join(session, name), text, { mode: 0o600, flag: 'wx' });
  return stage;
}

/** A loop device ends with its mount. A journal is not replayed: the file is the user's, and is not written to. */
function mountFile({ file }: ImageMount & { kind: 'kernel' }, target: string): FstabLine {
  const { feature, path, offset, sizeBytes } = file;
  const [type, journal] = feature === 'squashfs' ? ['squashfs', []] : ['ext4', ['noload']];
  const options = ['loop', 'ro', 'nosuid', 'nodev', `offset=${offset}`, `sizelimit=${sizeBytes}`, ...journal];
  return { source: path, target, type, options };
}

/** What can be seen of a mount, once the stage is over. PID 1 then waits for the rest. */
export async function seeMounted(
  chain: Chain,
  stage: Stage,
  { path, image, stop }: { path: string; image: string; stop: AbortSignal },
): Promise<DirectoryImage> {
  const view = `/proc/${chain.findInit().pid}/root${path}`;
  const said = (): string => stage.programs.map((_, index) => chain.readOutput(stage.first + index)).join('\n');
  const { uid, gid, mode } = await answerOf(stat(view), { image, stop }).catch((thrown: unknown) => {
    const code = systemCodeOf(thrown);
    if (code === undefined || thrown instanceof BulkheadError) throw thrown;
    throw imageDriverFailed(image, `what is mounted cannot be read (${code})`, said());
  });
  return { kind: 'directory', path, view, ownerUid: uid, ownerGid: gid, mode: mode & 0o7777 };
}

/** What reads from the image, but not for ever. */
export async function answerOf<Result>(
  work: Promise<Result>,
  { image, stop, withinMs = ANSWER_MS }: { image: string; stop: AbortSignal; withinMs?: number },
): Promise<Result> {
  const over = new AbortController();
  const late = delay(withinMs, undefined, { signal: over.signal }).then(() => {
    throw imageDriverFailed(image, `what is mounted does not answer within ${withinMs} ms`, '');
  });
  late.catch(() => undefined);
  try {
    return await untilStopped(Promise.race([work, late]), stop);
  } finally {
    over.abort();
  }
}
