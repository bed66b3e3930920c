import type { BulkheadError } from '#base/errors.js';
import { describeClaim, listClaims, openClaims, type Claim, type Contributor } from './claims.js';
import { catalogErrors } from './errors.js';
import type { Installation } from './installation.js';

/** What belongs to bulkhead itself, so that no plugin may take it. */
export interface ReservedWords {
  /** Commands, or their first words. */
  readonly reservedCommands: readonly string[];
  /** The commands to which plugins may add flags, with the flags that they have already, as `--bind` and `-B`. None where absent. */
  readonly reservedFlags?: Readonly<Record<string, readonly string[]>>;
  /** Without `BULKHEAD_`. */
  readonly reservedEnvironment?: readonly string[];
}

/** Two that want the same. `error` is what an installation of the later one is refused with. */
export interface Conflict {
  readonly name: string;
  readonly error: BulkheadError;
}

/** Throws where the plugin claims what is bulkhead's own, or what an enabled plugin of another name has. (One of the same name is replaced or shadowed.) */
export function requireNoConflict(
  plugin: Contributor & { readonly hooks: readonly string[] },
  installations: readonly Installation[],
  reserved: ReservedWords,
): void {
  requireUnreserved(plugin, reserved);
  const others = installations.filter(({ name, enabled }) => enabled && name !== plugin.name).map(({ manifest }) => manifest);
  const conflict = findConflicts([...others, plugin]).find(({ name }) => name === plugin.name);
  if (conflict !== undefined) throw conflict.error;
}

/** Of plugins in the order in which they answer, those that want what one before them has. */
export function findConflicts(plugins: readonly Contributor[]): Conflict[] {
  const claims = openClaims();
  const conflicts: Conflict[] = [];
  for (const plugin of plugins) {
    const own = listClaims(plugin);
    const overlap = own.map((claim) => claims.find(claim)).find((found) => found !== undefined);
    if (overlap !== undefined)
      conflicts.push({ name: plugin.name, error: catalogErrors.conflict(plugin.name, overlap.other, overlap.what) });
    for (const claim of own) if (claims.find(claim) === undefined) claims.add(plugin.name, claim);
  }
  return conflicts;
}

function requireUnreserved(plugin: Contributor & { readonly hooks: readonly string[] }, reserved: ReservedWords): void {
  const extendable = Object.keys(reserved.reservedFlags ?? {});
  const closed = [...Object.keys(plugin.flags), ...plugin.hooks].find((command) => !extendable.includes(command));
  if (closed !== undefined) throw catalogErrors.notExtendable(plugin.name, closed, extendable);
  for (const claim of listClaims(plugin)) {
    const taken = findReserved(claim, reserved);
    if (taken === undefined) continue;
    throw claim.kind === 'command'
      ? catalogErrors.reserved(plugin.name, claim.word, taken)
      : catalogErrors.wordReserved(plugin.name, describeClaim(claim));
  }
}

function findReserved(
  { kind, word }: Claim,
  { reservedCommands, reservedFlags: flags = {}, reservedEnvironment = [] }: ReservedWords,
): string | undefined {
  if (kind === 'command') return reservedCommands.find((taken) => overlaps(word, taken));
  if (kind === 'environment') return reservedEnvironment.find((taken) => taken === word);
  if (kind === 'scheme' || kind === 'feature' || kind === 'role') return undefined;
  const at = word.lastIndexOf(' ');
  const own = Object.hasOwn(flags, word.slice(0, at)) ? (flags[word.slice(0, at)] ?? []) : [];
  return own.find((flag) => flag === word.slice(at + 1));
}

/** `scratch` and `scratch list` do: the second could be the first with an argument. `site a` and `site b` do not. */
function overlaps(one: string, other: string): boolean {
  return `${one} `.startsWith(`${other} `) || `${other} `.startsWith(`${one} `);
}
