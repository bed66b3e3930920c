/** How a registry wants to be asked: `WWW-Authenticate: Bearer realm="https://auth…",service="…",scope="…", Basic realm="…"`. */

export interface Challenge {
  /** Small letters: `bearer`, `basic`. */
  readonly scheme: string;
  /** Names in small letters. */
  readonly parameters: ReadonlyMap<string, string>;
}

const LENGTH_MAX = 8192;
const WORD = /[!#$%&'*+.^_`|~\w-]+/y;
const QUOTED = /"((?:[^"\\]|\\[^])*)"/y;
const EQUALS = /[ \t]*=[ \t]*/y;
const SEPARATORS = /[ \t,]*/y;

/** What follows RFC 9110; from the first thing on that does not, all is left out. */
export function parseChallenges(header: string | undefined): Challenge[] {
  if (header === undefined || header.length > LENGTH_MAX) return [];
  const challenges: Challenge[] = [];
  let parameters = new Map<string, string>();
  let at = 0;
  const take = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    const found = pattern.exec(header);
    at = found === null ? at : pattern.lastIndex;
    return found;
  };
  for (;;) {
    // Between a scheme and its first parameter there is a space, between all others a comma: a word before "=" is a parameter.
    take(SEPARATORS);
    const name = take(WORD)?.[0].toLowerCase();
    if (name === undefined) return challenges;
    if (take(EQUALS) === null) {
      parameters = new Map();
      challenges.push({ scheme: name, parameters });
      continue;
    }
    const value = take(QUOTED)?.[1]?.replaceAll(/\\([^])/g, '$1') ?? take(WORD)?.[0];
    if (value === undefined) return challenges;
    if (!parameters.has(name)) parameters.set(name, value);
  }
}
