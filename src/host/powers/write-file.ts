import { randomUUID } from 'node:crypto';
import { constants, type Stats } from 'node:fs';
import { access, lstat, open, rename, rm, type FileHandle } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import type { PowerInput } from '@bulkhead/plugin-sdk/contract';
import { BulkheadError, systemCodeOf } from '#base/errors.js';
import { powerErrors } from '../errors.js';
import { bytesOf, hold, isGranted, isWithin, isWithinAny, pathOf, realPathOf } from './granted-path.js';
import type { CallInFlight, PowerContext } from './power-context.js';

const sizeMaxBytes = 1_048_576;
/** Of a new file, without what the umask takes. */
const newMode = 0o644;

/**
 * Writes a granted file whole: staged beside it and renamed, so that a reader sees the old text or the new one. The directory is
 * held meanwhile, and a link is never written through.
 */
export async function writeFile(
  { path, text }: PowerInput<'writeFile'>,
  { grants, sealed }: PowerContext,
  call: CallInFlight,
): Promise<undefined> {
  const bytes = Buffer.from(text);
  const granted = grants.writeFile ?? [];
  if (!granted.some((grant) => isWithin(path, grant))) throw powerErrors.notGranted('writeFile', path);
  if (bytes.length > sizeMaxBytes) throw powerErrors.fileUnwritable(path, `larger than ${sizeMaxBytes} bytes`);
  if (path === '/') throw powerErrors.fileUnwritable(path, 'not a regular file');
  try {
    await replaceIn(dirname(path), basename(path), { path, granted, sealed, bytes, call });
  } catch (error) {
    if (error instanceof BulkheadError) throw error;
    throw powerErrors.fileUnwritable(path, systemCodeOf(error) ?? 'unknown error');
  }
}

interface Change {
  readonly path: string;
  readonly granted: readonly string[];
  readonly sealed: readonly string[];
  readonly bytes: Uint8Array;
  readonly call: CallInFlight;
}

async function replaceIn(parent: string, name: string, { path, granted, sealed, bytes, call }: Change): Promise<void> {
  const directory = await hold(parent, 'directory');
  try {
    const real = await realPathOf(directory);
    const target = `${pathOf(directory)}/${name}`;
    if (!(await isGranted(`${real === '/' ? '' : real}/${bytesOf(name)}`, granted))) {
      // A granted link leads elsewhere: the operator who granted it should hear why that does not help.
      if (granted.includes(path) && (await find(target))?.isSymbolicLink()) throw powerErrors.fileUnwritable(path, 'a symbolic link');
      throw powerErrors.notGranted('writeFile', path);
    }
    if (await isWithinAny(`${real === '/' ? '' : real}/${bytesOf(name)}`, sealed)) throw powerErrors.sealed('writeFile', path);
    const old = await find(target);
    if (old?.isSymbolicLink()) throw powerErrors.fileUnwritable(path, 'a symbolic link');
    if (old && !old.isFile()) throw powerErrors.fileUnwritable(path, 'not a regular file');
    // A rename would also replace a file that its owner has made read-only.
    if (old) await access(target, constants.W_OK);
    const staged = `${pathOf(directory)}/.bulkhead-${randomUUID()}`;
    try {
      await stage(staged, bytes, old);
      if (call.over.aborted) throw powerErrors.callOver('writeFile');
      await rename(staged, target);
    } catch (error) {
      await rm(staged, { force: true });
      throw error;
    }
  } finally {
    await directory.close();
  }
}

/** Never more open than what it replaces, not for an instant; and never setuid, which the old file's bytes may have earned. */
async function stage(staged: string, bytes: Uint8Array, old: Stats | undefined): Promise<void> {
  const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = constants;
  const file = await open(staged, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, old ? old.mode & 0o600 : newMode);
  try {
    await file.writeFile(bytes);
    if (old) await keep(file, old);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** The owner first: a change of owner takes bits of the mode away. */
async function keep(file: FileHandle, old: Stats): Promise<void> {
  const { uid, gid } = await file.stat();
  if (uid !== old.uid || gid !== old.gid) {
    await file.chown(old.uid, old.gid).catch((error: unknown) => {
      // Only root may give a file away; an ordinary caller's own rights made the replacement possible.
      if (systemCodeOf(error) !== 'EPERM') throw error;
    });
  }
  await file.chmod(old.mode & 0o777);
}

async function find(path: string): Promise<Stats | undefined> {
  try {
    return await lstat(path);
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}
