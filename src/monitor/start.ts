/** Starts the monitor of a container, and waits for what becomes of it first. */
import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf } from '#base/errors.js';
import { findShipped } from '#base/shipped.js';
import { openChannel, portToChild, type Handlers } from './channel.js';
import { monitorErrors } from './errors.js';
import { LOG_FILE } from './journal.js';
import { callerCalls, monitorCalls, type Beginning, type Outcome } from './protocol.js';

/** A monitor does little: without these Node would keep more memory ready than it needs. Measured: docs/decisions/a-monitor-for-each-container.md. */
const NODE_FLAGS = ['--max-semi-space-size=1', '--v8-pool-size=1'];

export interface StartRequest {
  readonly beginning: Beginning;
  /** Where the command line was typed: what it names is found from there. */
  readonly cwd: string;
  readonly answers: Pick<Handlers<typeof callerCalls>, 'request' | 'say' | 'print'>;
}

export interface StartedMonitor {
  readonly pid: number;
  /** Resolves when the command runs; and with how it ended, where it never ran. Rejects where the monitor is lost before. */
  readonly begun: Promise<Outcome | undefined>;
  /** Of one that has begun: as long as the caller listens. */
  readonly ended: Promise<Outcome>;
  /** Ends what the container reads; where the monitor is gone, it has ended anyhow. */
  endInput(): void;
  /** The caller may end now; the monitor goes on. */
  release(): void;
}

export function startMonitor({ beginning, cwd, answers }: StartRequest): StartedMonitor {
  const { id, directory } = beginning;
  const child = spawnMonitor(beginning, cwd);
  let tellBegun: (outcome: Outcome | undefined) => void = () => undefined;
  let tellEnded: (outcome: Outcome) => void = () => undefined;
  const begun = new Promise<Outcome | undefined>((resolve) => (tellBegun = resolve));
  const channel = openChannel(portToChild(child), {
    ours: callerCalls,
    handlers: {
      ...answers,
      running: () => tellBegun(undefined),
      ended(outcome) {
        if (!outcome.hasBegun) tellBegun(outcome);
        tellEnded(outcome);
      },
    },
    theirs: monitorCalls,
    lost: () => monitorErrors.lost(id, readLastLine(join(directory, LOG_FILE))),
  });
  const failed = new Promise<never>((_resolve, reject) => {
    child.once('error', (cause) => reject(monitorErrors.notStarted(id, messageOf(cause), cause)));
    // What it answers at once is only that it has begun; the end of the call is the end of the container.
    channel.call('begin', beginning).catch(reject);
  });
  failed.catch(() => undefined);
  const ended = Promise.race([new Promise<Outcome>((resolve) => (tellEnded = resolve)), failed]);
  ended.catch(() => undefined);
  return {
    pid: child.pid ?? 0,
    begun: Promise.race([begun, failed]),
    ended,
    endInput: () => void channel.call('endInput', undefined).catch(() => undefined),
    release() {
      channel.close();
      child.unref();
    },
  };
}

/** In a session of its own: what a terminal sends to the command line is none of its business, nor does it end with the terminal. */
function spawnMonitor({ id, directory }: Beginning, cwd: string): ChildProcess {
  const file = findShipped('monitor/monitor.js');
  if (file === undefined) throw monitorErrors.notBuilt();
  const log = openSync(join(directory, LOG_FILE), 'a', 0o600);
  try {
    return spawn(process.execPath, [...NODE_FLAGS, file, id], {
      cwd,
      detached: true,
      stdio: ['ignore', log, log, 'ipc'],
      serialization: 'advanced',
    });
  } finally {
    closeSync(log);
  }
}

function readLastLine(file: string): string {
  try {
    return readFileSync(file, 'utf8').trimEnd().split('\n').at(-1)?.slice(-1_024) ?? '';
  } catch {
    return '';
  }
}
