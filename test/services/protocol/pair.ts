/** Both ends of a unix socket: the host's, and that of a program whose part a test plays. */
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

export interface Question {
  readonly id: number;
  readonly method: string;
  readonly params: Record<string, unknown>;
}

export interface Pair {
  readonly host: Socket;
  readonly program: Socket;
  /** What the host sends, line by line. */
  readonly lines: AsyncIterator<string>;
  /** The next line that the host sends. */
  next(): Promise<Question>;
  say(message: object): void;
  close(): Promise<void>;
}

export async function openPair(): Promise<Pair> {
  const directory = await mkdtemp(join(tmpdir(), 'bulkhead-pair-'));
  const path = join(directory, 'socket');
  const server = createServer();
  const accepted = once(server.listen(path), 'connection') as Promise<[Socket]>;
  await once(server, 'listening');
  const host = connect(path);
  const [program] = await accepted;
  for (const end of [host, program]) end.on('error', () => undefined);
  const lines = createInterface({ input: program })[Symbol.asyncIterator]();
  return {
    host,
    program,
    lines,
    async next() {
      const line = await lines.next();
      if (line.done === true) throw new Error('the host has closed the connection');
      return JSON.parse(line.value) as Question;
    },
    say: (message) => void program.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`),
    async close() {
      host.destroy();
      program.destroy();
      server.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
