import type { Manifest } from '#package/package.js';
import type { BulkheadError } from '#base/errors.js';
import { catalogErrors } from './errors.js';
import type { Installation } from './installation.js';

/** Two that want the same word. `error` is what an installation of the first is refused with. */
export interface Conflict {
  /** The other plugin; nothing where it is bulkhead itself. */
  readonly other?: string;
  readonly error: BulkheadError;
}

type Contributor = Pick<Manifest, 'name' | 'commands' | 'imageSchemes'>;

/** Finds the first thing that the plugin contributes and that `others`, enabled plugins, or bulkhead itself have already. */
export function findConflict(
  plugin: Contributor,
  others: readonly Contributor[],
  reservedCommands: readonly string[],
): Conflict | undefined {
  for (const command of Object.keys(plugin.commands)) {
    const reserved = reservedCommands.find((taken) => overlaps(command, taken));
    if (reserved !== undefined) return { error: catalogErrors.reserved(plugin.name, command, reserved) };
  }
  for (const other of others) {
    const what = findOverlap(plugin, other);
    if (what !== undefined) return { other: other.name, error: catalogErrors.conflict(plugin.name, other.name, what) };
  }
  return undefined;
}

/** Throws what findConflict finds among the enabled installations; those of the same name are replaced or shadowed, and do not count. */
export function requireNoConflict(plugin: Contributor, installations: readonly Installation[], reservedCommands: readonly string[]): void {
  const others = installations.filter(({ name, enabled }) => enabled && name !== plugin.name).map(({ manifest }) => manifest);
  const conflict = findConflict(plugin, others, reservedCommands);
  if (conflict !== undefined) throw conflict.error;
}

function findOverlap(plugin: Contributor, other: Contributor): string | undefined {
  for (const command of Object.keys(plugin.commands)) {
    const taken = Object.keys(other.commands).find((candidate) => overlaps(command, candidate));
    if (taken !== undefined) return taken === command ? `the command "${command}"` : `the command "${command}", which overlaps "${taken}",`;
  }
  const scheme = plugin.imageSchemes.find((candidate) => other.imageSchemes.includes(candidate));
  return scheme === undefined ? undefined : `the image scheme "${scheme}:"`;
}

/** `scratch` and `scratch list` do: the second could be the first with an argument. `site a` and `site b` do not. */
function overlaps(one: string, other: string): boolean {
  return `${one} `.startsWith(`${other} `) || `${other} `.startsWith(`${one} `);
}
