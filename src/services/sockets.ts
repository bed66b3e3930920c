/**
 * Sockets that wait for a first connection, so that somebody else may take it:
 *
 *   1  the daemon listens at a name of its own and renames it to the endpoint's; programs connect
 *   2  at the first connection it hands the socket on to the keeper, which holds it and gives it to the program (LISTEN_FDS),
 *      and closes its own end, all before it would take a second one: those wait in the kernel until the program takes them
 *   3  the first one it carries over itself, byte by byte
 *
 * What waits and what was taken is in /proc/net/unix, each with the name that the socket was bound to:
 *
 *   Flags 00010000  listens        St 02  waits to be taken        St 03  was taken
 */
import { randomBytes } from 'node:crypto';
import { renameSync } from 'node:fs';
import { createServer, connect, type Server, type Socket } from 'node:net';
import { dirname, join } from 'node:path';
import { readProcFile } from '#base/process.js';
import type { Endpoint } from './definition.js';

/** The kernel cuts it to net.core.somaxconn. Who finds it full is refused, where he does not wait. */
const BACKLOG = 4096;
const CARRY_RETRY_MS = 20;
const CARRY_TRIES_MAX = 500;

export interface WaitingSocket extends Endpoint {
  /** What /proc/net/unix calls it. */
  readonly boundPath: string;
  /** Of this process, until `close`. */
  readonly fd: number;
  close(): void;
}

/** `onFirst` is called once, and has to close the socket before it returns. Throws the system's errors. */
export function listenAt({ type, path }: Endpoint, onFirst: (connection: Socket) => void): WaitingSocket {
  const boundPath = join(dirname(path), `.${randomBytes(6).toString('hex')}`);
  // Data that came with it waits too.
  const server = createServer({ pauseOnConnect: true });
  server.once('connection', onFirst);
  server.on('error', () => undefined);
  server.listen({ path: boundPath, backlog: BACKLOG });
  const fd = fdOf(server);
  // With an absolute path Node binds and listens before it returns. The kernel follows the name; Node would remove the old one.
  renameSync(boundPath, path);
  return { type, path, boundPath, fd, close: () => void (server.listening && server.close()) };
}

/** Node lends it to children by its number alone. */
function fdOf(server: Server): number {
  const { _handle: handle } = server as unknown as { readonly _handle: { readonly fd: number } | null };
  if (handle === null || handle.fd < 0) throw new Error('the socket cannot be bound');
  return handle.fd;
}

export interface SocketCounts {
  readonly waiting: number;
  readonly taken: number;
}

export function countConnections(boundPaths: readonly string[]): SocketCounts {
  const counts = { waiting: 0, taken: 0 };
  for (const line of (readProcFile('/proc/net/unix') ?? '').split('\n')) {
    if (!boundPaths.some((path) => line.endsWith(` ${path}`))) continue;
    const state = line.split(/\s+/)[5];
    if (state === '02') counts.waiting += 1;
    else if (state === '03') counts.taken += 1;
  }
  return counts;
}

/** Carries a connection over to whoever listens at `path` now. Ends with either side. */
export function carryOver(connection: Socket, path: string, triesLeft = CARRY_TRIES_MAX): void {
  const onward = connect({ path, allowHalfOpen: true });
  connection.on('error', () => onward.destroy());
  onward.once('error', () => {
    connection.removeAllListeners('error');
    connection.on('error', () => undefined);
    // So many connect at once that the kernel takes no more, or the service just ends.
    if (triesLeft <= 0 || connection.destroyed) connection.destroy();
    else setTimeout(() => carryOver(connection, path, triesLeft - 1), CARRY_RETRY_MS);
  });
  onward.once('connect', () => {
    onward.removeAllListeners('error');
    onward.on('error', () => connection.destroy());
    onward.on('close', () => connection.destroy());
    connection.on('close', () => onward.destroy());
    connection.pipe(onward).pipe(connection);
  });
}
