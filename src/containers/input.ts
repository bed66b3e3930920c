/** Types into a container in the background, as whoever sits before it would. */
import { closeSync, constants, fstatSync, openSync } from 'node:fs';
import { Socket } from 'node:net';
import { join } from 'node:path';
import { systemCodeOf } from '#base/errors.js';
import { tellSize, type WindowSize } from '#engine/engine.js';
import { containerErrors } from './errors.js';
import type { Container } from './find.js';
import { requireInteractive, requireRunning } from './running.js';
import { CONTAINER_FILES } from './shapes.js';

export interface ContainerInput {
  /** Resolves when there is room for more, also where the container has ended meanwhile. */
  write(bytes: Uint8Array): Promise<void>;
  /** Of the window in which it is shown. */
  resize(size: WindowSize): Promise<void>;
  /** When what was written has been taken. */
  end(): Promise<void>;
  close(): void;
}

/** Throws where it does not run, and where it does not read. */
export function openContainerInput(container: Container): ContainerInput {
  const { record } = container;
  const { command } = requireRunning(container);
  requireInteractive(record);
  const socket = new Socket({ fd: openFifo(container), readable: false, writable: true });
  socket.on('error', () => undefined);
  return {
    write: (bytes) => new Promise((resolve) => (socket.destroyed ? resolve() : void socket.write(bytes, () => resolve()))),
    end: () =>
      new Promise((resolve) => {
        if (socket.destroyed) return resolve();
        socket.write('', () => {
          socket.destroy();
          resolve();
        });
      }),
    resize: (size) => tellSize(command, size),
    close: () => void socket.destroy(),
  };
}

/** No handle, which would close it when it is forgotten. */
function openFifo({ place, record, status }: Container): number {
  const { O_WRONLY, O_NONBLOCK, O_NOFOLLOW } = constants;
  let fd: number;
  try {
    fd = openSync(join(place.path, CONTAINER_FILES.input), O_WRONLY | O_NONBLOCK | O_NOFOLLOW);
  } catch (thrown) {
    if (systemCodeOf(thrown) === 'ENOENT') throw containerErrors.inForeground(record);
    // Nobody reads any more.
    if (systemCodeOf(thrown) === 'ENXIO') throw containerErrors.notRunning(record, status.status);
    throw thrown;
  }
  if (fstatSync(fd).isFIFO()) return fd;
  closeSync(fd);
  throw containerErrors.recordInvalid(place, CONTAINER_FILES.input, 'it is no FIFO');
}
