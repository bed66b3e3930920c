/** What a plugin wants for itself alone: words of the command line, schemes and features of images, which two cannot share. */
import type { Manifest } from '#package/package.js';

/**
 * A kind and a word: `command scratch list` · `flag run --trace` · `letter run -t` · `environment TRACE` (of BULKHEAD_TRACE) ·
 * `scheme host` · `feature squashfs` · `runtime sandboxd` · `network bridge-network` · `role mapping of users`. One text, so that the index can keep it and a map can find it.
 */
export type Claim = `${'command' | 'flag' | 'letter' | 'environment' | 'scheme' | 'feature' | 'runtime' | 'network' | 'role'} ${string}`;

/** A plugin and what it claims. */
export interface Claimant {
  readonly name: string;
  readonly claims: readonly Claim[];
}

export interface Overlap {
  /** The plugin that was first. */
  readonly other: string;
  /** What both want, in words. */
  readonly what: string;
}

export interface Claims {
  /** What another plugin has already. */
  find(claim: Claim): Overlap | undefined;
  add(plugin: string, claim: Claim): void;
}

/** What of a manifest it takes to know. */
export type Claiming = Pick<
  Manifest,
  'commands' | 'imageSchemes' | 'imageFeatures' | 'runtimes' | 'networks' | 'flags' | 'monitor' | 'callbacks'
>;

/** All that a plugin claims, in the order of the manifest. An alias is as good as a name. */
export function listClaims({ commands, imageSchemes, imageFeatures, runtimes, networks, flags, monitor, callbacks }: Claiming): Claim[] {
  const all = [...Object.values(commands).map((command) => command.flags ?? {}), ...Object.values(flags)];
  const variables = new Set(all.flatMap((own) => Object.values(own).flatMap(({ env }) => env ?? [])));
  return [
    ...Object.entries(commands).flatMap(([name, { aliases = [] }]) => [name, ...aliases].map((word): Claim => `command ${word}`)),
    ...Object.entries(flags).flatMap(([command, own]) => listFlagClaims(command, own)),
    ...[...variables].map((word): Claim => `environment ${word}`),
    ...imageSchemes.map((word): Claim => `scheme ${word}`),
    ...imageFeatures.map((word): Claim => `feature ${word}`),
    ...runtimes.map((word): Claim => `runtime ${word}`),
    ...networks.map((word): Claim => `network ${word}`),
    // Two would both own the end of a container.
    ...(monitor?.mode === 'control' ? (['role controller of containers (monitor mode "control")'] as const) : []),
    ...(callbacks.includes('userMapping') ? (['role mapping of users'] as const) : []),
  ];
}

function listFlagClaims(command: string, flags: Manifest['flags'][string]): Claim[] {
  return Object.entries(flags).flatMap(([name, { short }]): Claim[] => [
    `flag ${command} --${name}`,
    ...(short === undefined ? [] : [`letter ${command} -${short}` as const]),
  ]);
}

/** In words: `the flag "--trace" to "run"`. */
export function describeClaim(claim: Claim): string {
  const { kind, word } = splitClaim(claim);
  if (kind === 'command') return `the command "${word}"`;
  if (kind === 'environment') return `the environment variable BULKHEAD_${word}`;
  if (kind === 'scheme') return `the image scheme "${word}:"`;
  if (kind === 'feature') return `the image feature ${word}`;
  if (kind === 'runtime') return `the runtime "${word}"`;
  if (kind === 'network') return `the network plugin "${word}"`;
  if (kind === 'role') return `a ${word}`;
  const { command, flag } = splitFlag(word);
  return `the flag "${flag}" to "${command}"`;
}

export function splitClaim(claim: Claim): { kind: string; word: string } {
  const at = claim.indexOf(' ');
  return { kind: claim.slice(0, at), word: claim.slice(at + 1) };
}

/** `run --trace` of a flag or a letter. */
export function splitFlag(word: string): { command: string; flag: string } {
  const at = word.lastIndexOf(' ');
  return { command: word.slice(0, at), flag: word.slice(at + 1) };
}

/** Looks each word up once, so that a hundred plugins are compared in a hundred steps and not in ten thousand. */
export function openClaims(): Claims {
  const owners = new Map<string, string>();
  /** By what begins a command, the command: `command scratch` of `command scratch list`. */
  const begun = new Map<string, Claim>();

  function findTaken(claim: Claim): string | undefined {
    if (owners.has(claim)) return claim;
    if (!claim.startsWith('command ')) return undefined;
    return beginningsOf(claim).find((beginning) => owners.has(beginning)) ?? begun.get(claim);
  }

  return {
    find(claim) {
      const taken = findTaken(claim);
      if (taken === undefined) return undefined;
      const what = describeClaim(claim);
      const other = owners.get(taken) ?? '';
      return { other, what: taken === claim ? what : `${what}, which overlaps "${splitClaim(taken as Claim).word}",` };
    },
    add(plugin, claim) {
      owners.set(claim, plugin);
      if (claim.startsWith('command ')) for (const beginning of beginningsOf(claim)) begun.set(beginning, claim);
    },
  };
}

/** `command a` and `command a b` of `command a b c`: that could be one of them with an argument. */
function beginningsOf(claim: string): string[] {
  const [kind = '', ...words] = claim.split(' ');
  return words.slice(0, -1).map((_, index) => [kind, ...words.slice(0, index + 1)].join(' '));
}
