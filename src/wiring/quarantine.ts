/**
 * Who is in quarantine, and why: a plugin whose compartments keep ending by its own fault is refused, as one is that the version
 * lock refuses, until somebody enables it again.
 *
 *   <state of this uid>/quarantine.json   0600   [{ name, digest, failures: [{ at, why }], since? }]
 *
 * Each user has their own: a system plugin that one of them makes crash goes on to work for the others. An entry is about one
 * package, so that another version starts anew. Two commands at once may lose a failure of one, never the file. This keeps a
 * broken plugin from being tried for ever; it is no wall against a hostile one, which can choose not to crash.
 */
import { chmod, mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { pluginName, sha256 } from '@bulkhead/plugin-sdk/contract';
import * as v from 'valibot';
import writeFileAtomic from 'write-file-atomic';
import { parseBoundedJson } from '#base/bounded-json.js';
import { messageOf, systemCodeOf } from '#base/errors.js';
import type { Log } from '#base/log.js';
import { readRegularFile } from '#base/regular-file.js';
import { wiringErrors } from './errors.js';
import type { QuarantineNotice } from './quarantine-notice.js';

const fileBytesMax = 4 * 1_048_576;
const entriesMax = 128;
/** The budget allows no more (quarantine-failures). */
const failuresMax = 20;
const whyLengthMax = 256;

const failure = v.strictObject({ at: v.pipe(v.string(), v.isoTimestamp()), why: v.pipe(v.string(), v.maxLength(whyLengthMax)) });
const entrySchema = v.strictObject({
  name: pluginName,
  digest: sha256,
  /** In a row: a call that succeeds removes them. */
  failures: v.pipe(v.array(failure), v.maxLength(failuresMax)),
  since: v.optional(v.pipe(v.string(), v.isoTimestamp())),
});
const fileSchema = v.pipe(v.array(entrySchema), v.maxLength(entriesMax));
type Entry = v.InferOutput<typeof entrySchema>;

/** What it is about: one package of one name. */
export interface Suspect {
  readonly name: string;
  readonly digest: string;
}

export interface QuarantineTerms {
  /** This many in a row … */
  readonly failures: number;
  /** … within this time. */
  readonly minutes: number;
}

export interface Quarantine {
  find(suspect: Suspect): QuarantineNotice | undefined;
  /** Throws for a plugin that is in quarantine. */
  require(suspect: Suspect): void;
  fail(suspect: Suspect, why: string, terms: QuarantineTerms): void;
  succeed(suspect: Suspect): void;
  /** Removes what is kept about a name. Answers whether it was in quarantine. */
  lift(name: string): boolean;
  /** Waits until all changes are on the disk. A file that cannot be written is reported: no command fails because of it. */
  save(): Promise<void>;
}

/** Reads the file. One that cannot be read is reported and taken for empty: it protects from annoyance, and must not become one. */
export async function openQuarantine({ file, log, now = () => new Date() }: QuarantineOptions): Promise<Quarantine> {
  let entries = await readEntries(file, log);
  let saving: Promise<void> = Promise.resolve();

  const isAbout =
    ({ name, digest }: Suspect) =>
    (entry: Entry) =>
      entry.name === name && entry.digest === digest;
  const find: Quarantine['find'] = (suspect) => {
    const entry = entries.find(isAbout(suspect));
    return entry?.since === undefined ? undefined : { since: entry.since, failures: entry.failures };
  };
  /** Before the change the file is read again: what another command wrote meanwhile stays. */
  const change = (name: string, next: (entry: Entry[]) => Entry[]): void => {
    const own = (all: readonly Entry[]) => all.filter((entry) => entry.name === name);
    entries = [...entries.filter((entry) => entry.name !== name), ...next(own(entries))];
    const written = own(entries);
    saving = saving
      .then(async () => {
        const others = (await readEntries(file)).filter((entry) => entry.name !== name);
        await writeEntries(file, [...others, ...written].slice(-entriesMax));
      })
      .catch((error: unknown) => log.write('warning', `Cannot write ${file}: ${systemCodeOf(error) ?? messageOf(error)}`));
  };

  return {
    find,
    require(suspect) {
      const notice = find(suspect);
      if (notice !== undefined) throw wiringErrors.quarantined(suspect.name, notice);
    },
    fail(suspect, why, terms) {
      const at = now();
      const earliest = new Date(at.getTime() - terms.minutes * 60_000).toISOString();
      change(suspect.name, (own) => {
        const before = own.find(isAbout(suspect));
        const recent = (before?.failures ?? []).filter((one) => one.at >= earliest);
        const failures = [...recent, { at: at.toISOString(), why: why.slice(0, whyLengthMax) }].slice(-failuresMax);
        const since = before?.since ?? (failures.length >= terms.failures ? at.toISOString() : undefined);
        return [{ name: suspect.name, digest: suspect.digest, failures, ...(since === undefined ? {} : { since }) }];
      });
    },
    succeed(suspect) {
      if (entries.some((entry) => entry.name === suspect.name && entry.since === undefined)) change(suspect.name, () => []);
    },
    lift(name) {
      const known = entries.filter((entry) => entry.name === name);
      if (known.length > 0) change(name, () => []);
      return known.some(({ since }) => since !== undefined);
    },
    save: () => saving,
  };
}

interface QuarantineOptions {
  readonly file: string;
  readonly log: Log;
  readonly now?: () => Date;
}

async function readEntries(file: string, log?: Log): Promise<Entry[]> {
  try {
    const { bytes } = await readRegularFile(file, { bytesMax: fileBytesMax, noFollow: true });
    const json = parseBoundedJson(bytes);
    const checked = json.parsed ? v.safeParse(fileSchema, json.value, { abortEarly: true }) : undefined;
    if (checked?.success) return checked.output;
    log?.write('warning', `${file} is damaged and is ignored; it says which plugins are in quarantine`);
  } catch (error) {
    const code = systemCodeOf(error);
    if (code !== 'ENOENT' && code !== 'ENOTDIR')
      log?.write('warning', `${file} cannot be read and is ignored: ${code ?? messageOf(error)}`);
  }
  return [];
}

async function writeEntries(file: string, entries: readonly Entry[]): Promise<void> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  await writeFileAtomic(file, `${JSON.stringify(entries, null, 2)}\n`, { mode: 0o600 });
  // The mode of a file that was there before is kept by the line above.
  await chmod(file, 0o600);
}
