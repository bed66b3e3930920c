import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import type { PowerInput } from '@bulkhead/plugin-sdk/contract';
import { systemCodeOf } from '#base/errors.js';
import { powerErrors } from '../errors.js';
import { hold, isGranted, isWithin, isWithinAny, pathOf, realPathOf } from './granted-path.js';
import type { PowerContext } from './power-context.js';

const sizeMaxBytes = 1_048_576;

/** Reads a granted file. What lies in a grant but truly is elsewhere, through a symbolic link, was not granted. */
export async function readFile({ path }: PowerInput<'readFile'>, { grants, sealed }: PowerContext): Promise<string> {
  const granted = grants.readFile ?? [];
  if (!granted.some((grant) => isWithin(path, grant))) throw powerErrors.notGranted('readFile', path);
  const held = await orUnreadable(path, hold(path));
  try {
    const real = await realPathOf(held);
    if (!(await isGranted(real, granted))) throw powerErrors.notGranted('readFile', path);
    if (await isWithinAny(real, sealed)) throw powerErrors.sealed('readFile', path);
    return await readHeld(held, path);
  } finally {
    await held.close();
  }
}

async function readHeld(held: FileHandle, path: string): Promise<string> {
  const stat = await held.stat();
  if (!stat.isFile()) throw powerErrors.fileUnreadable(path, 'not a regular file');
  if (stat.size > sizeMaxBytes) throw tooLarge(path);
  // Some files of /proc and /sys wait for events like a FIFO, and say that they are regular.
  const file = await orUnreadable(path, open(pathOf(held), constants.O_RDONLY | constants.O_NONBLOCK));
  try {
    // Files of /proc say size 0 and a file may grow, so the limit is on what is read.
    const buffer = Buffer.alloc(sizeMaxBytes + 1);
    let length = 0;
    for (let got = -1; got !== 0 && length < buffer.length; length += got) {
      got = (await orUnreadable(path, file.read(buffer, length, buffer.length - length, null))).bytesRead;
    }
    if (length > sizeMaxBytes) throw tooLarge(path);
    return buffer.toString('utf8', 0, length);
  } finally {
    await file.close();
  }
}

async function orUnreadable<T>(path: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw powerErrors.fileUnreadable(path, systemCodeOf(error) ?? 'unknown error');
  }
}

function tooLarge(path: string) {
  return powerErrors.fileUnreadable(path, `larger than ${sizeMaxBytes} bytes`);
}
