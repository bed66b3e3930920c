/**
 * What plugins did with their powers: one line of JSON per use, in a file that no plugin can reach. It says which power, on what, in
 * whose name and what became of it; never what was read or written.
 */
import type { CallbackName } from '@bulkhead/plugin-sdk/contract';
import { BulkheadError, messageOf } from '#base/errors.js';
import type { Log } from '#base/log.js';
import { escapeControls } from '#base/text.js';
import { powerErrors } from '../errors.js';

/** As long as the longest path, so that none is cut. */
const textMaxCharacters = 4096;
/** Of a list, such as the arguments of a program. */
const itemsMax = 64;
const itemMaxCharacters = 1024;

export type AuditArgument = Readonly<Record<string, string | number | readonly string[]>>;

export interface AuditEntry {
  readonly plugin: string;
  /** In whose name it was asked; null where a compartment starts, and where nobody can tell. */
  readonly callback: CallbackName | null;
  readonly power: string;
  /** Of an argument that did not pass the schema, null. */
  readonly argument: AuditArgument | null;
  /** asked: about to be decided and done, written only where records are required; the next line with this `use` says what became of it. */
  readonly decision: 'asked' | 'allowed' | 'denied';
  /** The code of the error that the plugin got; with `allowed`, the power was tried and failed. */
  readonly reason?: string | undefined;
  /** Joins the two lines of one use. */
  readonly use?: string | undefined;
}

export interface Audit {
  /** Whether a power must not be carried out where its use cannot be recorded. */
  readonly isRequired: boolean;
  /** Throws POWER_NOT_AUDITED where records are required and this one could not be written; else never. */
  record(entry: AuditEntry): void;
}

export interface AuditOptions {
  /** Appends one line; throws where it cannot. */
  readonly write: (line: string) => void;
  readonly isRequired: boolean;
  readonly log: Log;
}

export function openAudit({ write, isRequired, log }: AuditOptions): Audit {
  let hasWarned = false;
  return {
    isRequired,
    record(entry) {
      try {
        write(formatEntry(entry, new Date()));
      } catch (error) {
        if (!hasWarned) log.write('warning', `Cannot record what plugins do with their powers: ${messageOf(error)}`);
        hasWarned = true;
        if (isRequired) throw powerErrors.notAudited(entry.power);
      }
    },
  };
}

/** One line, whatever stands in the entry: JSON escapes line breaks, and what is left of control characters is escaped as JSON too. */
export function formatEntry({ plugin, callback, power, argument, decision, reason, use }: AuditEntry, now: Date): string {
  const entry = { time: now.toISOString(), plugin, callback, power, argument: argument && boundArgument(argument), decision, reason, use };
  return `${escapeControls(JSON.stringify(entry))}\n`;
}

/** What an error that ended the use of a power means: the host said no, or it tried and failed. */
export function judgeError(thrown: unknown): Pick<AuditEntry, 'decision' | 'reason'> {
  if (!(thrown instanceof BulkheadError)) return { decision: 'allowed', reason: 'POWER_FAILED' };
  const hasFailed = /_(?:FAILED|UNREADABLE|UNWRITABLE)$/.test(thrown.code);
  return { decision: hasFailed ? 'allowed' : 'denied', reason: thrown.code };
}

function boundArgument(argument: AuditArgument): AuditArgument {
  return Object.fromEntries(
    Object.entries(argument).map(([key, value]) => [
      key,
      typeof value === 'string' ? cut(value) : typeof value === 'number' ? value : cutList(value),
    ]),
  );
}

function cutList(values: readonly string[]): string[] {
  const shown = values.slice(0, itemsMax).map((value) => cut(value, itemMaxCharacters));
  return values.length > shown.length ? [...shown, `… and ${values.length - shown.length} more`] : shown;
}

function cut(text: string, maxCharacters = textMaxCharacters): string {
  return text.length > maxCharacters ? `${text.slice(0, maxCharacters)}…` : text;
}
