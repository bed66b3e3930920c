/** What a plugin wants for itself alone: words of the command line, schemes and features of images, which two cannot share. */
import type { Manifest } from '#package/package.js';

/** A manifest, or what the index keeps of one. */
export type Contributor = Pick<Manifest, 'name' | 'commands' | 'imageSchemes' | 'imageFeatures' | 'flags'> &
  Partial<Pick<Manifest, 'monitor' | 'callbacks'>>;

export interface Claim {
  readonly kind: 'command' | 'flag' | 'letter' | 'environment' | 'scheme' | 'feature' | 'role';
  /** The command, the scheme, the variable, the role; of a flag or letter, the command to which it is added and its name: `run --trace`. */
  readonly word: string;
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

/** All that a plugin claims, in the order of the manifest. An alias is as good as a name. */
export function listClaims({ commands, imageSchemes, imageFeatures, flags, monitor, callbacks = [] }: Contributor): Claim[] {
  const variables = [...Object.values(commands).map((command) => command.flags ?? {}), ...Object.values(flags)].flatMap((own) =>
    Object.values(own).flatMap(({ env }) => env ?? []),
  );
  return [
    ...Object.entries(commands).flatMap(([name, { aliases = [] }]) => [name, ...aliases].map((word): Claim => ({ kind: 'command', word }))),
    ...Object.entries(flags).flatMap(([command, own]) => listFlagClaims(command, own)),
    ...[...new Set(variables)].map((word): Claim => ({ kind: 'environment', word })),
    ...imageSchemes.map((word): Claim => ({ kind: 'scheme', word })),
    ...imageFeatures.map((word): Claim => ({ kind: 'feature', word })),
    // Two would both own the end of a container.
    ...(monitor?.mode === 'control' ? [{ kind: 'role', word: 'controller of containers (monitor mode "control")' } as const] : []),
    ...(callbacks.includes('userMapping') ? [{ kind: 'role', word: 'mapping of users' } as const] : []),
  ];
}

function listFlagClaims(command: string, flags: Contributor['flags'][string]): Claim[] {
  return Object.entries(flags).flatMap(([name, { short }]) => [
    { kind: 'flag', word: `${command} --${name}` },
    ...(short === undefined ? [] : [{ kind: 'letter', word: `${command} -${short}` } as const]),
  ]);
}

/** In words: `the flag "--trace" of "run"`. */
export function describeClaim({ kind, word }: Claim): string {
  switch (kind) {
    case 'command':
      return `the command "${word}"`;
    case 'flag':
    case 'letter': {
      const at = word.lastIndexOf(' ');
      return `the flag "${word.slice(at + 1)}" to "${word.slice(0, at)}"`;
    }
    case 'environment':
      return `the environment variable BULKHEAD_${word}`;
    case 'scheme':
      return `the image scheme "${word}:"`;
    case 'role':
      return `a ${word}`;
    case 'feature':
      return `the image feature ${word}`;
  }
}

/** Looks each word up once, so that a hundred plugins are compared in a hundred steps and not in ten thousand. */
export function openClaims(): Claims {
  const owners = new Map<string, { plugin: string; word: string }>();
  /** By what begins a command: `scratch` of `scratch list`. */
  const begun = new Map<string, { plugin: string; word: string }>();

  function findOwner({ kind, word }: Claim): { plugin: string; word: string } | undefined {
    if (kind !== 'command') return owners.get(`${kind} ${word}`);
    const beginnings = beginningsOf(word).map((beginning) => owners.get(`command ${beginning}`));
    return beginnings.find((owner) => owner !== undefined) ?? begun.get(word);
  }

  return {
    find(claim) {
      const owner = findOwner(claim);
      if (owner === undefined) return undefined;
      const what = describeClaim(claim);
      return { other: owner.plugin, what: owner.word === claim.word ? what : `${what}, which overlaps "${owner.word}",` };
    },
    add(plugin, { kind, word }) {
      const owner = { plugin, word };
      owners.set(`${kind} ${word}`, owner);
      if (kind === 'command') for (const beginning of beginningsOf(word).slice(0, -1)) begun.set(beginning, owner);
    },
  };
}

/** `a`, `a b` and `a b c` of `a b c`: the last is what the first could be with an argument. */
function beginningsOf(command: string): string[] {
  const words = command.split(' ');
  return words.map((_, index) => words.slice(0, index + 1).join(' '));
}
