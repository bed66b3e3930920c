/** Programs that are handed their sockets, as systemd and bulkhead's daemon do it: LISTEN_FDS, LISTEN_PID, LISTEN_FDNAMES. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { renameSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';

export interface Activation {
  readonly executable: string;
  readonly arguments: readonly string[];
  /** Of the sockets, which are made in `directory`, as `NAME.sock`. */
  readonly names: readonly string[];
  readonly directory: string;
}

export interface Activated {
  readonly pid: number;
  /** All that it wrote so far, on either stream. */
  output(): string;
  connect(name: string): Promise<Conversation>;
  /** Asks it to end, and answers with its exit code. */
  stop(): Promise<number | null>;
}

/** Lines there and back. */
export interface Conversation {
  readonly socket: Socket;
  readonly ended: Promise<void>;
  send(line: string): void;
  /** The next line that came; rejects where the connection ends first. */
  receive(): Promise<string>;
  close(): Promise<void>;
}

/** Only whoever becomes the program knows its pid beforehand. */
const ENTRANCE = 'LISTEN_PID=$$ exec "$@"';

export async function activate({ executable, arguments: words, names, directory }: Activation): Promise<Activated> {
  const servers = names.map((name) => listen(join(directory, `${name}.sock`)));
  const child = spawn('/bin/sh', ['-c', ENTRANCE, 'sh', executable, ...words], {
    cwd: directory,
    // The program may be a script of the Node that runs this.
    env: {
      PATH: `${dirname(process.execPath)}:/usr/bin:/bin`,
      LISTEN_FDS: String(names.length),
      LISTEN_FDNAMES: names.join(':'),
    },
    stdio: ['ignore', 'pipe', 'pipe', ...servers.map(fdOf)],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (bytes: Buffer) => (output += bytes.toString()));
  const closed = once(child, 'close') as Promise<[number | null]>;
  await once(child, 'spawn');
  // Nobody may be taken here who connects to the program.
  for (const server of servers) server.close();
  return {
    pid: child.pid ?? 0,
    output: () => output,
    connect: (name) => converse(join(directory, `${name}.sock`)),
    async stop() {
      child.kill('SIGTERM');
      const [code] = await closed;
      return code;
    },
  };
}

/** Node removes the name at which it bound a socket when it closes it; the one that it is renamed to stays. */
function listen(path: string): Server {
  const server = createServer().listen(`${path}.new`);
  renameSync(`${path}.new`, path);
  return server;
}

function fdOf(server: Server): number {
  const { _handle: handle } = server as unknown as { readonly _handle: { readonly fd: number } };
  return handle.fd;
}

async function converse(path: string): Promise<Conversation> {
  const socket = connect(path);
  await once(socket, 'connect');
  // Also by a reset.
  const ended = new Promise<void>((resolve) => void socket.on('error', () => undefined).once('close', () => resolve()));
  const lines: AsyncIterator<string, undefined> = createInterface({ input: socket })[Symbol.asyncIterator]();
  return {
    socket,
    ended,
    send: (line) => void socket.write(`${line}\n`),
    async receive() {
      const next = await lines.next();
      if (next.done === true) throw new Error('the connection ended');
      return next.value;
    },
    async close() {
      socket.destroy();
      await ended;
    },
  };
}
