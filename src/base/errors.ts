/**
 * The three kinds of error, told apart because a reader does a different thing about each:
 *
 *   user    something that whoever typed the command can mend; has a hint, a command to type
 *   plugin  a plugin broke its promise; names the plugin; the host is well
 *   bug     ours; says so
 *
 * Text: "Cannot <do> <what>: <why>". Each code has an entry in docs/errors.md (test/tidy.test.ts).
 */

import { shorten } from './text.js';

export type ErrorKind = 'user' | 'plugin' | 'bug';

export interface ErrorDetails {
  /** What to type next, one line. */
  readonly hint?: string | undefined;
  /** Plain data for `--json` and for tests. */
  readonly data?: Readonly<Record<string, unknown>> | undefined;
  readonly cause?: unknown;
}

/** A message can quote what was refused, and that can be a package or a plugin's answer of megabytes. */
const MESSAGE_LENGTH_MAX = 16_384;

export class BulkheadError extends Error {
  override readonly name = 'BulkheadError';
  readonly kind: ErrorKind;
  readonly code: string;
  readonly hint: string | undefined;
  readonly data: Readonly<Record<string, unknown>>;

  constructor(kind: ErrorKind, code: string, message: string, details: ErrorDetails = {}) {
    super(shorten(message, MESSAGE_LENGTH_MAX), details.cause === undefined ? undefined : { cause: details.cause });
    this.kind = kind;
    this.code = code;
    this.hint = details.hint;
    this.data = details.data ?? {};
  }
}

export function userError(code: string, message: string, details?: ErrorDetails): BulkheadError {
  return new BulkheadError('user', code, message, details);
}

export function pluginError(code: string, message: string, details?: ErrorDetails): BulkheadError {
  return new BulkheadError('plugin', code, message, details);
}

export function bugError(code: string, message: string, details?: ErrorDetails): BulkheadError {
  return new BulkheadError('bug', code, message, details);
}

/** The message of anything that was thrown; never throws itself, though a getter, a proxy or an object without `toString` may. */
export function messageOf(thrown: unknown): string {
  try {
    return String(thrown instanceof Error ? thrown.message : thrown);
  } catch {
    return 'something that cannot be described';
  }
}

/** Node's error code ('ENOENT', …) of anything that was thrown, where it has one. */
export function systemCodeOf(thrown: unknown): string | undefined {
  if (!(thrown instanceof Error) || !('code' in thrown)) return undefined;
  return typeof thrown.code === 'string' ? thrown.code : undefined;
}
