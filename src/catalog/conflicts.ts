import type { BulkheadError } from '#base/errors.js';
import type { Manifest } from '#package/package.js';
import { describeClaim, listClaims, openClaims, splitClaim, splitFlag, type Claim, type Claimant, type Claiming } from './claims.js';
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
  /** Of images. */
  readonly reservedSchemes?: readonly string[];
  readonly reservedRuntimes?: readonly string[];
  readonly reservedNetworks?: readonly string[];
}

/** Two that want the same. `error` is what an installation of the later one is refused with. */
export interface Conflict {
  readonly name: string;
  readonly error: BulkheadError;
}

type Newcomer = Claiming & Pick<Manifest, 'name' | 'hooks'>;

/** Throws where the plugin claims what is bulkhead's own, or what an enabled plugin of another name has. (One of the same name is replaced or shadowed.) */
export function requireNoConflict(plugin: Newcomer, installations: readonly Installation[], reserved: ReservedWords): void {
  requireUnreserved(plugin, reserved);
  const others = installations.filter(({ name, enabled }) => enabled && name !== plugin.name).map(({ manifest }) => claimantOf(manifest));
  const conflict = findConflicts([...others, claimantOf(plugin)]).find(({ name }) => name === plugin.name);
  if (conflict !== undefined) throw conflict.error;
}

function claimantOf(manifest: Claiming & Pick<Manifest, 'name'>): Claimant {
  return { name: manifest.name, claims: listClaims(manifest) };
}

/** Of plugins in the order in which they answer, those that want what one before them has. */
export function findConflicts(plugins: readonly Claimant[]): Conflict[] {
  const claims = openClaims();
  const conflicts: Conflict[] = [];
  for (const { name, claims: own } of plugins) {
    const overlaps = own.map((claim) => claims.find(claim));
    const overlap = overlaps.find((found) => found !== undefined);
    if (overlap !== undefined) conflicts.push({ name, error: catalogErrors.conflict(name, overlap.other, overlap.what) });
    for (const [index, claim] of own.entries()) if (overlaps[index] === undefined) claims.add(name, claim);
  }
  return conflicts;
}

function requireUnreserved(plugin: Newcomer, reserved: ReservedWords): void {
  const extendable = Object.keys(reserved.reservedFlags ?? {});
  const closed = [...Object.keys(plugin.flags), ...plugin.hooks].find((command) => !extendable.includes(command));
  if (closed !== undefined) throw catalogErrors.notExtendable(plugin.name, closed, extendable);
  for (const claim of listClaims(plugin)) {
    const taken = findReserved(claim, reserved);
    if (taken === undefined) continue;
    throw claim.startsWith('command ')
      ? catalogErrors.reserved(plugin.name, splitClaim(claim).word, taken)
      : catalogErrors.wordReserved(plugin.name, describeClaim(claim));
  }
}

function findReserved(
  claim: Claim,
  {
    reservedCommands,
    reservedFlags = {},
    reservedEnvironment = [],
    reservedSchemes = [],
    reservedRuntimes = [],
    reservedNetworks = [],
  }: ReservedWords,
): string | undefined {
  const { kind, word } = splitClaim(claim);
  if (kind === 'command') return reservedCommands.find((taken) => overlaps(word, taken));
  if (kind === 'environment') return reservedEnvironment.find((taken) => taken === word);
  if (kind === 'scheme') return reservedSchemes.find((taken) => taken === word);
  if (kind === 'runtime') return reservedRuntimes.find((taken) => taken === word);
  if (kind === 'network') return reservedNetworks.find((taken) => taken === word);
  if (kind === 'feature' || kind === 'role') return undefined;
  const { command, flag } = splitFlag(word);
  const own = Object.hasOwn(reservedFlags, command) ? (reservedFlags[command] ?? []) : [];
  return own.find((taken) => taken === flag);
}

/** `scratch` and `scratch list` do: the second could be the first with an argument. `site a` and `site b` do not. */
function overlaps(one: string, other: string): boolean {
  return `${one} `.startsWith(`${other} `) || `${other} `.startsWith(`${one} `);
}
