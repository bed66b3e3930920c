/** Errors as plain data, so that one process can throw what another has thrown. */
import { BulkheadError, messageOf, type ErrorKind } from './errors.js';

export interface PlainError {
  readonly kind: ErrorKind;
  readonly code: string;
  readonly message: string;
  readonly hint?: string | undefined;
  readonly data: Readonly<Record<string, unknown>>;
}

/** What is no error of ours is a bug; its cause stays behind. */
export function toPlainError(thrown: unknown): PlainError {
  if (!(thrown instanceof BulkheadError)) return { kind: 'bug', code: 'UNEXPECTED', message: messageOf(thrown), data: {} };
  const { kind, code, message, hint, data } = thrown;
  return { kind, code, message, ...(hint === undefined ? {} : { hint }), data: toPlainData(data) };
}

/** The inverse of `toPlainError`. */
export function fromPlainError({ kind, code, message, hint, data }: PlainError): BulkheadError {
  return new BulkheadError(kind, code, message, { hint, data });
}

function toPlainData(data: Readonly<Record<string, unknown>>): Record<string, unknown> {
  try {
    return JSON.parse(JSON.stringify(data)) as Record<string, unknown>;
  } catch {
    return {};
  }
}
