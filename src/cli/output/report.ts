import { Errors } from '@oclif/core';
import { BulkheadError, messageOf, type ErrorKind } from '#base/errors.js';
import { openLog } from '#base/log.js';
import { printable } from '#base/text.js';

/** Apptainer's exit code for everything that it calls fatal. */
export const exitFatal = 255;
/** A command line that does not parse. */
const exitUsage = 1;

export interface ErrorDescription {
  readonly kind: ErrorKind;
  readonly code: string;
  readonly message: string;
  readonly hint?: string | undefined;
  readonly data?: Readonly<Record<string, unknown>>;
}

/** The error as a value, for `--json`. */
export function describeError(error: unknown): ErrorDescription {
  if (error instanceof BulkheadError)
    return { kind: error.kind, code: error.code, message: error.message, hint: error.hint, data: error.data };
  if (error instanceof Errors.CLIError) return { kind: 'user', code: 'USAGE', message: error.message };
  return { kind: 'bug', code: 'UNEXPECTED', message: messageOf(error) };
}

export function exitCodeOf(error: unknown): number {
  if (error instanceof Errors.ExitError) return error.oclif.exit ?? 0;
  // A plugin that stops a command says with which code.
  if (error instanceof BulkheadError && error.code === 'COMMAND_ABORTED') return Number(error.data['exitCode']);
  return error instanceof Errors.CLIError ? exitUsage : exitFatal;
}

/** Says on standard error what went wrong and what to type next; returns the exit code. */
export function reportError(error: unknown): number {
  const write = (line: string): boolean => process.stderr.write(line);
  const log = openLog({ write });
  if (error instanceof Errors.ExitError) return exitCodeOf(error);
  if (error instanceof BulkheadError) {
    log.write('fatal', error.kind === 'bug' ? `${error.message} (this is a bug in Bulkhead)` : error.message);
    if (error.hint !== undefined) write(`         Try: ${printable(error.hint)}\n`);
  } else if (error instanceof Errors.CLIError) {
    log.write('error', withoutNotes(error.message));
    const [hint = ['bulkhead', ...commandWords(), '--help'].join(' ')] = error.suggestions ?? [];
    write(`         Try: ${printable(hint)}\n`);
  } else {
    log.write('fatal', `${messageOf(error)} (this is a bug in Bulkhead)`);
    if (error instanceof Error && error.stack !== undefined) write(`${printable(error.stack)}\n`);
  }
  return exitCodeOf(error);
}

/** oclif adds how flags that are given several times are parsed, and its own "See more help"; ours says what to type. */
function withoutNotes(message: string): string {
  return (message.split(/\n+(?:Note: |See more help)/)[0] ?? message).trimEnd();
}

/** The command as it was typed, without its flags and arguments. */
function commandWords(): string[] {
  const [first = '', second = ''] = process.argv.slice(2);
  return [first, ...(first.startsWith('plugin') ? [second] : [])].filter((word) => /^[a-z]/.test(word));
}

/** Puts an error of another room into the sentence of a command; kind, code, hint and cause stay. */
export function within(before: string, error: unknown, after = '.'): unknown {
  if (!(error instanceof BulkheadError) || error.kind === 'bug') return error;
  return new BulkheadError(error.kind, error.code, `${before}${error.message}${after}`, {
    hint: error.hint,
    data: error.data,
    cause: error,
  });
}
