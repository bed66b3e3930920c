import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { needTool } from './need.js';

export interface Syslog {
  /** Where datagrams are taken, as at `/dev/log`. */
  readonly socket: string;
  /** One for each datagram, as it came. */
  readonly lines: readonly string[];
  /** Until there are so many. */
  has(count: number): Promise<readonly string[]>;
  close(): Promise<void>;
}

/** Takes datagrams and writes each as hexadecimal digits; Node has no such sockets. */
const receiver = `
  socket(my $s, PF_UNIX, SOCK_DGRAM, 0) or die; bind($s, sockaddr_un($ARGV[0])) or die; $| = 1; print "ready\\n";
  while (defined recv($s, my $m, 65536, 0)) { print unpack("H*", $m), "\\n" }`;

/** A system log of the test. Skips the test where perl is missing. */
export async function openSyslog(context: Mocha.Context): Promise<Syslog> {
  for (const tool of ['perl', 'logger']) needTool(context, tool);
  const directory = await mkdtemp(join(tmpdir(), 'bulkhead-syslog-'));
  const socket = join(directory, 'log');
  const child = spawn('perl', ['-MSocket', '-e', receiver, socket], { stdio: ['ignore', 'pipe', 'inherit'] });
  const lines: string[] = [];
  let rest = '';
  child.stdout.setEncoding('latin1').on('data', (text: string) => {
    const parts = (rest + text).split('\n');
    rest = parts.pop() ?? '';
    lines.push(...parts.filter((part) => part !== 'ready').map((part) => Buffer.from(part, 'hex').toString('utf8')));
  });
  await once(child.stdout, 'data');
  return {
    socket,
    lines,
    async has(count) {
      for (let tries = 0; lines.length < count && tries < 250; tries += 1) await delay(20);
      if (lines.length < count) throw new Error(`It got ${lines.length} of ${count} lines`);
      return lines;
    },
    async close() {
      child.kill('SIGKILL');
      await rm(directory, { recursive: true, force: true });
    },
  };
}
