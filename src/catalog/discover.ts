import { resolve } from 'node:path';
import { findConflicts } from './conflicts.js';
import { readDirectory } from './directory.js';
import type { Catalog, CatalogPlace, CatalogProblem, Installation, PluginDirectory } from './installation.js';
import { receiptFile } from './layout.js';
import { isRequired } from './receipt.js';

/** Reads what is installed: receipts only, no package. Never throws because of what it finds; that is a problem, and hides nothing else. */
export async function openCatalog({ directories, uid }: CatalogPlace): Promise<Catalog> {
  const installations = new Map<string, Installation>();
  const problems: CatalogProblem[] = [];
  for (const directory of withoutRepeats(directories)) {
    const found = await readDirectory(directory, uid);
    problems.push(...found.problems);
    for (const installation of found.installations) {
      const winner = installations.get(installation.name);
      if (winner === undefined) installations.set(installation.name, installation);
      else problems.push(describeShadow(installation, winner));
    }
  }
  const all = [...installations.values()];
  return { installations: all, problems: [...problems, ...describeConflicts(all)] };
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

function describeShadow(hidden: Installation, winner: Installation): CatalogProblem {
  const { name, manifest, directory } = hidden;
  const reason = `plugin "${name}" ${manifest.version} in ${directory.path} is hidden by ${winner.manifest.version} in ${winner.directory.path}`;
  return { kind: 'shadowed', path: receiptFile(directory.path, name), name, reason, skippable: !isRequired(hidden) };
}

/** Installing refuses these, but each directory can change without the others. */
function describeConflicts(installations: readonly Installation[]): CatalogProblem[] {
  const enabled = installations.filter((installation) => installation.enabled);
  return findConflicts(enabled.map(({ manifest }) => manifest)).flatMap(({ name, error }) => {
    const installation = enabled.find((one) => one.name === name);
    return installation === undefined ? [] : [describeConflict(installation, error.message)];
  });
}

function describeConflict(installation: Installation, why: string): CatalogProblem {
  const { name, directory } = installation;
  const reason = `${why}, and that one answers`;
  const hint = `bulkhead plugin disable ${name}`;
  return { kind: 'conflict', path: receiptFile(directory.path, name), name, reason, hint, skippable: !isRequired(installation) };
}
