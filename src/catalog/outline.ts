/**
 * What help, completion and the beginning of a run need of each installation, kept in one file beside the receipts: a hundred
 * receipts take 70 to 90 ms to read and check, this file 5 (measured, Node 20, warm disk).
 *
 *   index.json   0644, one outline per receipt; made anew after each change, under the lock
 *
 * A cache and no more: an outline counts only while its receipt has the inode, size and times that it had then, so that a receipt
 * changed by hand is read itself; whoever may write the index may write the receipts. Readers never write it: what is stale is only slower.
 */
import { existsSync, lstatSync, type Stats } from 'node:fs';
import { pluginDescription } from '@bulkhead/plugin-sdk/contract';
import { systemCodeOf } from '#base/errors.js';
import { readRegularFile } from '#base/regular-file.js';
import type { Manifest } from '#package/package.js';
import * as v from 'valibot';
import { listClaims, type Claim } from './claims.js';
import { checkDirectory, describeInvalid, describeRefused, listReceipts, readInstallation, readInstallationOf } from './directory.js';
import type { CatalogProblem, Installation, PluginDirectory } from './installation.js';
import { entriesOf, INDEX_FORMAT, type Entry } from './index-shape.js';
import type { Lease } from './lease.js';
import { indexFile, packageFileName, packagesOf, receiptsOf } from './layout.js';
import { removeIfThere, writeStaged } from './staged-file.js';
import { findDistrust } from './trust.js';

/** Of an installation. */
export type Outline = Pick<Installation, 'name' | 'enabled' | 'onFailure' | 'digest' | 'directory'> & {
  readonly version: string;
  readonly callbacks: readonly string[];
  readonly hooks: readonly string[];
  readonly claims: readonly Claim[];
  /** Commands to which it adds a flag that must be given. */
  readonly demands: readonly string[];
  /** Its commands that are not hidden, each with its summary: all that the list of all commands shows. */
  readonly overview: readonly (readonly [command: string, summary: string])[];
  /** What it adds to the command line. JSON, which readDetails checks: only who shows or runs a command needs it. */
  readonly details: string;
};

export type Details = Pick<Manifest, 'commands' | 'flags'>;

const INDEX_BYTES_MAX = 32 * 1_048_576;

const { commands, flags } = pluginDescription.entries;
const detailsSchema = v.strictObject({ commands, flags });

export interface OutlinedDirectory {
  readonly installations: readonly Outline[];
  readonly problems: readonly CatalogProblem[];
}

/** As readDirectory, with the same problems. */
export async function readOutlines(directory: PluginDirectory, uid: number): Promise<OutlinedDirectory> {
  const { entries, problems } = await readEntries(directory, uid);
  const installations = entries.map((entry): Outline => ({ ...entry, claims: entry.claims as Claim[], directory }));
  return { installations: installations.toSorted((a, b) => (a.name < b.name ? -1 : 1)), problems };
}

/** Needs the lock. Never throws: the change is done by then, and without the index all is as before, only slower. */
export async function refreshIndex(directory: string, uid: number, lease: Lease): Promise<void> {
  try {
    const { entries } = await readEntries({ path: directory, scope: 'given' }, uid);
    lease.requireHeld();
    if (entries.length === 0) await removeIfThere(indexFile(directory));
    else await writeStaged(indexFile(directory), new TextEncoder().encode(`${JSON.stringify({ format: INDEX_FORMAT, entries })}\n`));
  } catch {
    // As said above.
  }
}

async function readEntries(directory: PluginDirectory, uid: number): Promise<{ entries: Entry[]; problems: CatalogProblem[] }> {
  const entries: Entry[] = [];
  const problems: CatalogProblem[] = [];
  try {
    if (!(await checkDirectory(directory.path, uid))) return { entries, problems };
    const known = await readIndex(directory.path, uid);
    const receipts = receiptsOf(directory.path);
    const packages = packagesOf(directory.path);
    for (const file of await listReceipts(directory.path)) {
      const path = `${receipts}/${file}`;
      const stamp = stampOf(path, uid);
      const entry = known.get(file);
      if (entry !== undefined && stamp !== '' && entry.stamp === stamp && existsSync(`${packages}/${packageFileName(entry.digest)}`))
        entries.push(entry);
      else
        await readInstallation(directory, file, uid).then(add(file, stamp), (error: unknown) =>
          problems.push(describeInvalid(path, error)),
        );
    }
  } catch (error) {
    problems.push(describeRefused(directory.path, error));
  }
  return { entries, problems };

  function add(file: string, stamp: string): (installation: Installation | undefined) => void {
    return (installation) => {
      if (installation !== undefined) entries.push(toEntry(installation, file, stamp));
    };
  }
}

function toEntry(installation: Installation, file: string, stamp: string): Entry {
  const { directory: _, ...rest } = outlineOf(installation);
  return { file, stamp, ...rest };
}

/** Of an installation that was read in full. */
export function outlineOf(installation: Installation): Outline {
  const { name, enabled, onFailure, digest, directory, manifest } = installation;
  const { version, callbacks, hooks, commands, flags } = manifest;
  const demands = Object.entries(flags).flatMap(([command, own]) =>
    Object.values(own).some(({ required }) => required === true) ? [command] : [],
  );
  const claims = listClaims(manifest);
  return {
    name,
    enabled,
    onFailure,
    digest,
    directory,
    version,
    callbacks,
    hooks,
    claims,
    demands,
    overview: Object.entries(commands).flatMap(([command, { hidden, summary }]) => (hidden === true ? [] : [[command, summary] as const])),
    details: JSON.stringify({ commands, flags }),
  };
}

/** What the plugin adds to the command line; of the receipt where the index holds something else. */
export async function readDetails({ name, directory, details }: Outline, uid: number): Promise<Details | undefined> {
  try {
    return v.parse(detailsSchema, JSON.parse(details));
  } catch {
    return (await readInstallationOf(directory, name, uid).catch(() => undefined))?.manifest;
  }
}

/** By file name of the receipt. Empty where there is no index, or none to be believed. */
async function readIndex(directory: string, uid: number): Promise<Map<string, Entry>> {
  try {
    const { bytes, ...owner } = await readRegularFile(indexFile(directory), { bytesMax: INDEX_BYTES_MAX, noFollow: true });
    if (findDistrust(owner, uid) !== undefined) return new Map();
    const entries = entriesOf(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)));
    return new Map(entries?.map((entry) => [entry.file, entry]));
  } catch {
    return new Map();
  }
}

/** What changes whenever the file does; empty, which no outline has, where the file is not to be trusted. A call of 5 us; awaited, it takes 50. */
function stampOf(path: string, uid: number): string {
  const stats = look(path);
  if (stats?.isFile() !== true || findDistrust(stats, uid) !== undefined) return '';
  return `${stats.ino}:${stats.size}:${stats.mtimeMs}:${stats.ctimeMs}`;
}

function look(path: string): Stats | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false });
  } catch (error) {
    if (systemCodeOf(error) === undefined) throw error;
    return undefined;
  }
}
