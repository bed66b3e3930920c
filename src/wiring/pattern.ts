/** Patterns of the operator's policy, matched character by character: no regular expression is made of what somebody wrote. */

/**
 * Whether some text fits both. `*` stands for any characters, also none; in `text` it does so only where `wild` is `both`, and is
 * a character like any other where it is `pattern`. Takes time in the product of both lengths, whatever stands in them.
 */
export function fits(pattern: string, text: string, wild: 'pattern' | 'both' = 'pattern'): boolean {
  if (!pattern.includes('*') && (wild === 'pattern' || !text.includes('*'))) return pattern === text;
  // below[j]: whether the rest of `pattern` after this character fits the rest of `text` from j on.
  let below: boolean[] = [];
  for (let i = pattern.length; i >= 0; i--) {
    const row: boolean[] = [];
    for (let j = text.length; j >= 0; j--) {
      const skipsStar = pattern[i] === '*' && (below[j] === true || row[j + 1] === true);
      const skipsWild = wild === 'both' && text[j] === '*' && (row[j + 1] === true || below[j] === true);
      const same = i < pattern.length && pattern[i] === text[j] && below[j + 1] === true;
      row[j] = (i === pattern.length && j === text.length) || skipsStar || skipsWild || same;
    }
    below = row;
  }
  return below[0] === true;
}

/** `example.com/*` fits `example.com/a`, and `example.com/**`, whose end is one or more segments, `example.com/a/b` too. */
export function fitsName(pattern: string, name: string): boolean {
  const wanted = pattern.split('/');
  const segments = name.split('/');
  const isOpen = wanted.at(-1) === '**';
  const fixed = isOpen ? wanted.slice(0, -1) : wanted;
  if (isOpen ? segments.length <= fixed.length : segments.length !== fixed.length) return false;
  return fixed.every((segment, index) => fits(segment, segments[index] ?? ''));
}

/**
 * What a pattern has to do with a value that was, or is to be, granted; paths are meant with all below them.
 *   touches   some part of the granted value falls under the pattern
 *   covers    all of the granted value falls under the pattern
 */
export function fitsValue(pattern: string, value: string, how: 'touches' | 'covers'): boolean {
  if (pattern === '*') return true;
  const wild = how === 'touches' ? 'both' : 'pattern';
  if (!pattern.startsWith('/') || !value.startsWith('/')) return fits(pattern, value, wild);
  const wanted = segmentsOf(pattern);
  const segments = segmentsOf(value);
  if (how === 'covers' && segments.length < wanted.length) return false;
  return wanted.slice(0, segments.length).every((segment, index) => fits(segment, segments[index] ?? '', wild));
}

/**
 * The same for servers: `example.com`, `*.example.com:5000`, `http://localhost`. What denies a host denies it by every scheme and at
 * every port, unless it names one; what allows one allows https at its own port, unless it names others, as grants do.
 */
export function fitsServer(pattern: string, value: string, how: 'touches' | 'covers'): boolean {
  if (pattern === '*') return true;
  const [wanted, given] = [splitServer(pattern), splitServer(value)];
  const isOpen = how === 'touches';
  const sameScheme = wanted.scheme === given.scheme || (isOpen && wanted.scheme === 'https');
  const samePort = (isOpen && wanted.port === undefined) || fits(portOf(wanted), portOf(given));
  return sameScheme && samePort && fits(wanted.host, given.host, isOpen ? 'both' : 'pattern');
}

interface Server {
  readonly scheme: string;
  readonly host: string;
  readonly port: string | undefined;
}

function splitServer(text: string): Server {
  const [, scheme = 'https', host = text, port] = /^(?:(http):\/\/)?(.*?)(?::([^:\]]+))?$/.exec(text) ?? [];
  return { scheme, host, port };
}

function portOf({ scheme, port }: Server): string {
  return port ?? (scheme === 'http' ? '80' : '443');
}

function segmentsOf(path: string): string[] {
  return path.split('/').filter((segment) => segment !== '');
}
