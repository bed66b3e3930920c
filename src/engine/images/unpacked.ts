/**
 * Squashfs files that were unpacked, for whoever cannot mount them: read from then on as a directory, by every run of the same file.
 *
 *      DIR/<key>/image           what it holds; the key is of the file as it stands: device, inode, size, times, part
 *      DIR/<key>/source          the file's path
 *      DIR/<key>/used.<owner>    a container runs on it
 *      DIR/<session's name>/     being unpacked, or on its way out; what a kill left goes with the next one
 *
 * One goes when it is not used and its file is gone, changed, or was not run for a month; looked for whenever another one is unpacked.
 * What an ordinary user unpacks belongs to that user alone, and has no devices.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readdir, readFile, rename, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { systemCodeOf } from '#base/errors.js';
import { readFileParts } from '#base/file-parts.js';
import { imageInvalid, imageUnpackFailed } from '../errors.js';
import { findMarks, openMark, type Mark } from '../lifecycle/marks.js';
import { closeSession, openCleanSession, type Session } from '../lifecycle/session.js';
import { keepOutput } from '../drivers/output.js';
import { findTools } from '../tools.js';
import { openDirectoryImage } from './directory.js';
import type { DirectoryImage, FileImage } from './image.js';
import { defaultUnpackLimits } from './unpack-limits.js';

export interface UnpackContext {
  /** What the user called the image. */
  readonly image: string;
  /** Of this uid alone. */
  readonly directory: string;
  /** unsquashfs(1), absolute. */
  readonly program: string;
  readonly stop: AbortSignal;
  readonly log: (line: string) => void;
}

export interface UnpackedImage {
  readonly image: DirectoryImage;
  /** Others may remove it from then on. */
  readonly close: () => Promise<void>;
}

const KEY = /^[0-9a-f]{32}$/;
const UNUSED_MS_MAX = 30 * 86_400_000;
const SQUASHFS_INODES_AT = 4;

/** Unpacks the file, unless that was done before. Close it after the run. */
export async function openUnpacked(file: FileImage, context: UnpackContext): Promise<UnpackedImage> {
  const { session, removed } = await openCleanSession(context.directory);
  for (const id of removed) context.log(`Removed what the killed container ${id} had unpacked`);
  try {
    const place = join(context.directory, await findKey(file));
    const found = await useUnpacked(place);
    if (found !== undefined) return found;
    await unpackInto(session.path, file, context);
    await rename(session.path, place).catch((thrown: unknown) => {
      // Another run was faster: its files are the same.
      if (!['ENOTEMPTY', 'EEXIST'].includes(systemCodeOf(thrown) ?? '')) throw thrown;
    });
    await removeUnused(context.directory);
    const made = await useUnpacked(place);
    if (made === undefined) throw imageUnpackFailed(context.image, 'somebody else removed what was unpacked');
    return made;
  } finally {
    await closeSession(session);
  }
}

/** Marks it as used first, and then looks whether it is still there. */
async function useUnpacked(place: string): Promise<UnpackedImage | undefined> {
  let mark: Mark | undefined;
  try {
    mark = await openMark(place, 'used');
    // Those of killed runs go with it.
    await findMarks(place, 'used');
    const now = new Date();
    await utimes(place, now, now);
    return { image: await openDirectoryImage(join(place, 'image')), close: mark.close };
  } catch (thrown) {
    await mark?.close();
    if (['ENOENT', 'IMAGE_NOT_FOUND'].includes(systemCodeOf(thrown) ?? '')) return undefined;
    throw thrown;
  }
}

async function findKey({ path, offset, sizeBytes }: FileImage): Promise<string> {
  const { dev, ino, size, mtimeNs, ctimeNs } = await stat(path, { bigint: true });
  const words = [dev, ino, size, mtimeNs, ctimeNs, offset, sizeBytes].join(' ');
  return createHash('sha256').update(words).digest('hex').slice(0, 32);
}

async function unpackInto(directory: string, file: FileImage, context: UnpackContext): Promise<void> {
  await refuseTooLarge(file, context);
  const { setpriv } = await findTools();
  const target = join(directory, 'image');
  const words = ['-no-progress', '-quiet', '-no-xattrs', '-offset', String(file.offset), '-dest', target, file.path];
  const started = startProgram([setpriv, '--pdeathsig', 'KILL', '--no-new-privs', '--', context.program, ...words], context.stop);
  const code = await started.ended;
  context.stop.throwIfAborted();
  // 2 says that not all could be made, such as devices by an ordinary user.
  if (code !== 0 && !(code === 2 && process.getuid?.() !== 0)) throw imageUnpackFailed(context.image, started.said());
  await writeFile(join(directory, 'source'), JSON.stringify({ path: file.path, offset: file.offset, sizeBytes: file.sizeBytes }));
}

/** Before anything is written: the number of inodes stands in the file, how much they hold in its list. */
async function refuseTooLarge(file: FileImage, { image, program, stop }: UnpackContext): Promise<void> {
  const { entries, unpackedBytes } = defaultUnpackLimits;
  const head = await readFileParts(file.path, (parts) => Buffer.from(parts.read(file.offset, 8)));
  if (head.readUInt32LE(SQUASHFS_INODES_AT) > entries) throw imageInvalid(image, `it has more than ${entries} files`);
  const started = startProgram([program, '-lln', '-offset', String(file.offset), file.path], stop);
  let bytes = 0;
  for await (const line of createInterface({ input: started.stdout })) {
    bytes += Number(/^-\S{9} +\d+\/\d+ +(\d+) /.exec(line)?.[1] ?? 0);
    if (bytes > unpackedBytes) {
      started.kill();
      throw imageInvalid(image, `it holds more than ${unpackedBytes} bytes`);
    }
  }
  const code = await started.ended;
  stop.throwIfAborted();
  if (code !== 0) throw imageUnpackFailed(image, started.said());
}

function startProgram([program = '', ...words]: readonly string[], stop: AbortSignal) {
  const child = spawn(program, words, {
    cwd: '/',
    env: { LC_ALL: 'C' },
    stdio: ['ignore', 'pipe', 'pipe'],
    signal: stop,
    killSignal: 'SIGKILL',
  });
  const output = keepOutput(child.stderr);
  // A stop is told by the signal's own reason.
  child.on('error', () => undefined);
  const ended = once(child, 'close').then(([code]) => code as number | null);
  ended.catch(() => undefined);
  child.stdout.on('error', () => undefined);
  return { stdout: child.stdout, ended, said: output.read, kill: () => child.kill('SIGKILL') };
}

async function removeUnused(directory: string): Promise<void> {
  for (const name of (await readdir(directory)).filter((one) => KEY.test(one))) {
    const place = join(directory, name);
    if (await isNeeded(place, name)) continue;
    const { session } = await openCleanSession(directory);
    await moveAway(place, session);
    await closeSession(session);
  }
}

/** Whoever marks it as used and then finds it where it was, has it: so it is moved first, and looked at once more. */
async function moveAway(place: string, session: Session): Promise<void> {
  const away = join(session.path, 'unused');
  try {
    await rename(place, away);
    if ((await findMarks(away, 'used')).live.length > 0) await rename(away, place);
  } catch (thrown) {
    if (systemCodeOf(thrown) !== 'ENOENT') throw thrown;
  }
}

async function isNeeded(place: string, key: string): Promise<boolean> {
  try {
    if ((await findMarks(place, 'used')).live.length > 0) return true;
    const source = JSON.parse(await readFile(join(place, 'source'), 'utf8')) as Pick<FileImage, 'path' | 'offset' | 'sizeBytes'>;
    const isSame = (await findKey({ kind: 'file', feature: 'squashfs', ...source })) === key;
    return isSame && Date.now() - (await stat(place)).mtimeMs < UNUSED_MS_MAX;
  } catch (thrown) {
    if (systemCodeOf(thrown) === 'ENOENT' || thrown instanceof SyntaxError) return false;
    throw thrown;
  }
}
