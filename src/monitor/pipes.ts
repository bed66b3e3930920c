/**
 * Pipes of the kernel, which Node itself cannot make: what it calls a pipe is a socket, and a program that opens /dev/stdout anew
 * (as web servers do with their logs) cannot open that. So a FIFO is made, opened at both ends, and its name removed.
 */
import { execFile } from 'node:child_process';
import { constants, openSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { Socket } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** mkfifo(1) of coreutils; the caller's PATH is the caller's. */
const TOOL_PATH = '/usr/bin:/bin:/run/current-system/sw/bin';
const { O_RDONLY, O_WRONLY, O_NONBLOCK } = constants;

export interface Pipe {
  /** Ends when all that have the other end have closed it. */
  readonly reading: Socket;
  /** A descriptor; close it once those who shall write have it. */
  readonly writing: number;
}

/** In a directory that nobody else may enter. A command that is another user inside may open its end anew: hence the mode. */
export async function openPipes(directory: string, names: readonly string[]): Promise<Pipe[]> {
  const paths = names.map((name) => join(directory, `${name}.fifo`));
  await makeFifos(paths);
  try {
    return paths.map(openPipe);
  } finally {
    await Promise.all(paths.map((path) => rm(path, { force: true })));
  }
}

/** In the place of what is there. */
export async function makeFifos(paths: readonly string[]): Promise<void> {
  await Promise.all(paths.map((path) => rm(path, { force: true })));
  await promisify(execFile)('mkfifo', ['-m', '0666', '--', ...paths], { env: { PATH: TOOL_PATH } });
}

/** Who reads comes first: without one the other end cannot be opened. No handles, which close what they are of when they are forgotten. */
function openPipe(path: string): Pipe {
  const reading = new Socket({ fd: openSync(path, O_RDONLY | O_NONBLOCK), readable: true, writable: false });
  return { reading, writing: openSync(path, O_WRONLY) };
}
