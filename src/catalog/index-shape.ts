/**
 * The shape of index.json. Checked by hand and not by a schema: in a process that has just started, valibot takes 4 to 7 ms for a
 * hundred entries, which every `--help` would pay, and this takes less than one. The index is no border: what it holds has passed the
 * schemas of the receipts, and whoever may write it may write those.
 */
import { MANIFEST_BYTES_MAX } from '#package/package.js';
import type { OnFailure } from './receipt.js';

export interface Entry {
  /** Of the receipt: its file name, and what changes whenever the file does. */
  readonly file: string;
  readonly stamp: string;
  readonly name: string;
  readonly version: string;
  readonly enabled: boolean;
  readonly onFailure: OnFailure;
  readonly digest: string;
  readonly callbacks: readonly string[];
  readonly hooks: readonly string[];
  readonly claims: readonly string[];
  readonly demands: readonly string[];
  readonly overview: readonly (readonly [command: string, summary: string])[];
  readonly details: string;
}

export const INDEX_FORMAT = 1;
const ENTRIES_MAX = 4096;

type Check = (value: unknown) => boolean;

const isBoolean: Check = (value) => typeof value === 'boolean';
const isText: Check = (value) => typeof value === 'string' && value.length <= MANIFEST_BYTES_MAX;
const isWord: Check = (value) => typeof value === 'string' && value.length <= 256;
const isName: Check = (value) => typeof value === 'string' && value.length <= 128 && /^[A-Za-z0-9][A-Za-z0-9._/-]*$/.test(value);
const isDigest: Check = (value) => typeof value === 'string' && value.length <= 128 && /^sha256:[0-9a-f]{64}$/.test(value);
const isOnFailure: Check = (value) => value === 'default' || value === 'required' || value === 'optional';
const isPair: Check = (value) => Array.isArray(value) && value.length === 2 && value.every(isWord);

function listOf(isItem: Check, countMax: number): Check {
  return (value) => Array.isArray(value) && value.length <= countMax && value.every(isItem);
}

const isField: Readonly<Record<keyof Entry, Check>> = {
  file: isWord,
  stamp: isWord,
  name: isName,
  version: isWord,
  enabled: isBoolean,
  onFailure: isOnFailure,
  digest: isDigest,
  callbacks: listOf(isWord, 64),
  hooks: listOf(isWord, 16),
  claims: listOf(isWord, 16_384),
  demands: listOf(isWord, 16),
  overview: listOf(isPair, 64),
  details: isText,
};
const fields = Object.entries(isField);

function isEntry(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || Object.keys(value).length !== fields.length) return false;
  return fields.every(([key, isValid]) => Object.hasOwn(value, key) && isValid((value as Record<string, unknown>)[key]));
}

/** The entries of an index of this format; undefined of whatever else. */
export function entriesOf(index: unknown): readonly Entry[] | undefined {
  if (typeof index !== 'object' || index === null) return undefined;
  const { format, entries, ...rest } = index as { format?: unknown; entries?: unknown };
  if (format !== INDEX_FORMAT || Object.keys(rest).length > 0 || !listOf(isEntry, ENTRIES_MAX)(entries)) return undefined;
  return entries as readonly Entry[];
}
