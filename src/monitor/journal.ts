/** Writes the state of one container, one state after the other; and what there is to say of it that nobody asked for. */
import { closeSync, fstatSync, openSync, renameSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf } from '#base/errors.js';
import { openLog, type Log } from '#base/log.js';
import { referToProcess, writeState, type ContainerPlace, type ContainerState } from '#containers/containers.js';
import type { ContainerReach, ProcessRef } from '#engine/engine.js';

export const LOG_FILE = 'monitor.log';
const LOG_BYTES_MAX = 1_048_576;
const REASON_CHARACTERS_MAX = 4_096;

export interface Journal {
  starting(): void;
  running(container: Pick<ContainerReach, 'init' | 'command'>): void;
  /** The container goes on, without something that it had. */
  note(reason: string): void;
  stopped(end: { exitCode: number; reason?: string | undefined }): void;
  /** Until all that was said is on disk. */
  flush(): Promise<void>;
}

export function openJournal(place: ContainerPlace, log: Log): Journal {
  let state: ContainerState = { status: 'starting' };
  let last = Promise.resolve();

  function write(next: ContainerState): void {
    state = next;
    // A disk that is full does not end a container; what is true of it /proc says as well.
    last = last.then(() => writeState(place, next)).catch((thrown: unknown) => log.write('error', messageOf(thrown)));
  }

  return {
    starting: () => write({ status: 'starting', monitor: referToProcess(process.pid) }),
    running({ init, command }) {
      const references = { init: refer(init), command: refer(command) };
      write({ ...state, status: 'running', ...references, startedAt: new Date().toISOString() });
    },
    note: (reason) => write({ ...state, reason: shortened(reason) }),
    stopped({ exitCode, reason = state.reason }) {
      const told = reason === undefined ? {} : { reason: shortened(reason) };
      write({ ...state, status: 'stopped', finishedAt: new Date().toISOString(), exitCode, ...told });
    },
    flush: () => last,
  };
}

/** A process that has ended already is nothing to refer to: another may have its pid. */
function refer({ pid, startTicks }: ProcessRef): ContainerState['init'] {
  const found = referToProcess(pid);
  return found?.startTicks === startTicks ? found : undefined;
}

function shortened(reason: string): string {
  return reason.slice(0, REASON_CHARACTERS_MAX);
}

/** A log of bounded size: `monitor.log`, and the one before it, `monitor.log.1`. */
export function openMonitorLog(
  directory: string,
  { isDebug, also }: { isDebug: boolean; also: (...said: Parameters<Log['write']>) => void },
): Log {
  const path = join(directory, LOG_FILE);
  let fd = openSync(path, 'a', 0o600);
  const log = openLog({
    debug: isDebug,
    write(line) {
      if (fstatSync(fd).size > LOG_BYTES_MAX) {
        closeSync(fd);
        renameSync(path, `${path}.1`);
        fd = openSync(path, 'a', 0o600);
      }
      writeSync(fd, `${new Date().toISOString()} ${line}`);
    },
  });
  return {
    isDebug,
    write(level, message) {
      also(level, message);
      try {
        log.write(level, message);
      } catch {
        // The container's directory is gone, or the disk is full: nothing that a container should end for.
      }
    },
  };
}
