import { resolve } from 'node:path';
import { findConflicts } from './conflicts.js';
import { describeInvalid, readDirectory, readInstallationOf } from './directory.js';
import type { Catalog, CatalogPlace, CatalogProblem, Installation, PluginDirectory } from './installation.js';
import { receiptFile } from './layout.js';
import { outlineOf, readOutlines, type Outline } from './outline.js';
import { isRequired } from './receipt.js';

/** Reads what is installed: receipts only, no package. Never throws because of what it finds; that is a problem, and hides nothing else. */
export function openCatalog(place: CatalogPlace): Promise<Catalog> {
  return collect(place, readDirectory, outlineOf);
}

/** The same, as much as help, completion and the beginning of a run need, from one file per directory (outline.ts). */
export function openOutlines(place: CatalogPlace): Promise<Catalog<Outline>> {
  return collect(place, readOutlines, (outline) => outline);
}

/** The same as openCatalog where only some are of interest: of the others no receipt is read, unless its outline is stale. All problems are told. */
export async function openCatalogFor(
  { uid }: CatalogPlace,
  { installations: outlines, problems }: Catalog<Outline>,
  isWanted: (outline: Outline) => boolean,
): Promise<Catalog> {
  const installations: Installation[] = [];
  /** What broke since the outlines were read. */
  const later: CatalogProblem[] = [];
  for (const { name, directory } of outlines.filter(isWanted)) {
    const installation = await readInstallationOf(directory, name, uid).catch((error: unknown) => {
      later.push(describeInvalid(receiptFile(directory.path, name), error));
      return undefined;
    });
    if (installation !== undefined) installations.push(installation);
  }
  return { installations, problems: [...problems, ...later] };
}

async function collect<Found extends { readonly name: string }>(
  { directories, uid }: CatalogPlace,
  read: (directory: PluginDirectory, uid: number) => Promise<{ installations: readonly Found[]; problems: readonly CatalogProblem[] }>,
  toOutline: (found: Found) => Outline,
): Promise<Catalog<Found>> {
  const installations = new Map<string, Found>();
  const problems: CatalogProblem[] = [];
  for (const directory of withoutRepeats(directories)) {
    const found = await read(directory, uid);
    problems.push(...found.problems);
    for (const installation of found.installations) {
      const winner = installations.get(installation.name);
      if (winner === undefined) installations.set(installation.name, installation);
      else problems.push(describeShadow(toOutline(installation), toOutline(winner)));
    }
  }
  const all = [...installations.values()];
  return { installations: all, problems: [...problems, ...describeConflicts(all.map(toOutline))] };
}

export function findInstallation({ installations }: Catalog, name: string): Installation | undefined {
  return installations.find((installation) => installation.name === name);
}

function withoutRepeats(directories: readonly PluginDirectory[]): PluginDirectory[] {
  const byPath = new Map<string, PluginDirectory>();
  for (const { path, scope } of directories) {
    const absolute = resolve(path);
    if (!byPath.has(absolute)) byPath.set(absolute, { path: absolute, scope });
  }
  return [...byPath.values()];
}

function describeShadow(hidden: Outline, winner: Outline): CatalogProblem {
  const { name, version, directory } = hidden;
  const reason = `plugin "${name}" ${version} in ${directory.path} is hidden by ${winner.version} in ${winner.directory.path}`;
  return { kind: 'shadowed', path: receiptFile(directory.path, name), name, reason, skippable: !isRequired(hidden) };
}

/** Installing refuses these, but each directory can change without the others. */
function describeConflicts(installations: readonly Outline[]): CatalogProblem[] {
  const enabled = installations.filter((installation) => installation.enabled);
  return findConflicts(enabled).flatMap(({ name, error }) => {
    const installation = enabled.find((one) => one.name === name);
    return installation === undefined ? [] : [describeConflict(installation, error.message)];
  });
}

function describeConflict(installation: Outline, why: string): CatalogProblem {
  const { name, directory } = installation;
  const reason = `${why}, and that one answers`;
  const hint = `bulkhead plugin disable ${name}`;
  return { kind: 'conflict', path: receiptFile(directory.path, name), name, reason, hint, skippable: !isRequired(installation) };
}
