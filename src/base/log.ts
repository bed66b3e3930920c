/** The log of a command: one line per message, on standard error. */
import { printable } from './text.js';

export type LogLevel = 'debug' | 'info' | 'warning' | 'error' | 'fatal';

export interface Log {
  readonly isDebug: boolean;
  write(level: LogLevel, message: string): void;
}

export interface LogOptions {
  readonly debug?: boolean;
  readonly quiet?: boolean;
  /** Receives one line, with its line break. */
  readonly write: (line: string) => void;
}

const quietest: readonly LogLevel[] = ['error', 'fatal'];

/** Lines as Apptainer writes them: `INFO:    text`, the level padded to eight. Control characters never reach the terminal. */
export function openLog({ debug = false, quiet = false, write }: LogOptions): Log {
  return {
    isDebug: debug,
    write(level, message) {
      if (level === 'debug' && !debug) return;
      if (quiet && !quietest.includes(level)) return;
      write(`${`${level.toUpperCase()}:`.padEnd(8)} ${printable(message)}\n`);
    },
  };
}
