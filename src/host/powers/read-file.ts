import { constants } from 'node:fs';
import { open, readlink, realpath, type FileHandle } from 'node:fs/promises';
import type { PowerInput } from '@bulkhead/plugin-sdk/contract';
import { systemCodeOf } from '#base/errors.js';
import { powerErrors } from '../errors.js';
import type { PowerContext } from './power-context.js';

const sizeMaxBytes = 1_048_576;
/** Linux's O_PATH, which Node does not name: the file is found and held, but not opened; a FIFO does not block, a device does not act. */
const O_PATH = 0o10000000;

/**
 * Reads a granted file. The file is found first and then asked where it truly is (`/proc/self/fd`), so that neither a
 * symbolic link nor a swap between check and use leads out of the grant.
 */
export async function readFile({ path }: PowerInput<'readFile'>, { grants }: PowerContext): Promise<string> {
  const granted = grants.readFile ?? [];
  if (!granted.some((grant) => isWithin(path, grant))) throw powerErrors.notGranted('readFile', path);
  const held = await hold(path);
  try {
    const real = await readlink(`/proc/self/fd/${held.fd}`);
    const realGrants = await Promise.all(granted.map((grant) => realpath(grant).catch(() => grant)));
    if (!realGrants.some((grant) => isWithin(real, grant))) throw powerErrors.notGranted('readFile', path);
    return await readHeld(held, path);
  } finally {
    await held.close();
  }
}

async function hold(path: string): Promise<FileHandle> {
  try {
    return await open(path, O_PATH);
  } catch (error) {
    throw powerErrors.fileUnreadable(path, systemCodeOf(error) ?? 'unknown error');
  }
}

async function readHeld(held: FileHandle, path: string): Promise<string> {
  const stat = await held.stat();
  if (!stat.isFile()) throw powerErrors.fileUnreadable(path, 'not a regular file');
  if (stat.size > sizeMaxBytes) throw powerErrors.fileUnreadable(path, `larger than ${sizeMaxBytes} bytes`);
  let file: FileHandle;
  try {
    file = await open(`/proc/self/fd/${held.fd}`, constants.O_RDONLY);
  } catch (error) {
    throw powerErrors.fileUnreadable(path, systemCodeOf(error) ?? 'unknown error');
  }
  try {
    // Files of /proc say size 0 and a file may grow, so the limit is on what is read.
    const buffer = Buffer.alloc(sizeMaxBytes + 1);
    let length = 0;
    for (let got = -1; got !== 0 && length < buffer.length; length += got) {
      got = (await file.read(buffer, length, buffer.length - length, null)).bytesRead;
    }
    if (length > sizeMaxBytes) throw powerErrors.fileUnreadable(path, `larger than ${sizeMaxBytes} bytes`);
    return buffer.toString('utf8', 0, length);
  } finally {
    await file.close();
  }
}

/** Paths are canonical here (the contract's schema, and the kernel's answer). */
function isWithin(path: string, grant: string): boolean {
  return path === grant || path.startsWith(grant === '/' ? '/' : `${grant}/`);
}
