import { parse, TomlError } from 'smol-toml';

/** The line of a TOML file in which something is wrong, as `12`, and why. */
export class TomlFault extends Error {
  constructor(
    readonly line: number,
    message: string,
  ) {
    super(message);
  }
}

export function parseToml(text: string): Record<string, unknown> {
  try {
    return { ...parse(text) };
  } catch (error) {
    if (error instanceof TomlError)
      throw new TomlFault(error.line, (error.message.split('\n')[0] ?? '').replace(/^Invalid TOML document: /, ''));
    throw error;
  }
}

/**
 * The line where the value at `path` begins: the first statement with which the text, cut off after it, has such a value. The
 * parser tells values but not places, and this way it is the only one who knows TOML. For messages about errors: it parses again
 * and again. A missing value is found at what it is missing from.
 */
export function findLine(text: string, path: readonly (string | number)[]): number {
  if (path.length === 0) return 1;
  const lines = text.split('\n');
  let begins = 1;
  for (let count = 1; count <= lines.length; count++) {
    const parsed = tryParse(lines.slice(0, count).join('\n'));
    if (parsed === undefined) continue;
    if (hasValue(parsed, path)) return begins;
    begins = count + 1;
  }
  return findLine(text, path.slice(0, -1));
}

/** Undefined in the middle of a statement of several lines. */
function tryParse(text: string): unknown {
  try {
    return parse(text);
  } catch {
    return undefined;
  }
}

function hasValue(value: unknown, path: readonly (string | number)[]): boolean {
  const [key, ...rest] = path;
  if (key === undefined) return true;
  return (
    typeof value === 'object' &&
    value !== null &&
    Object.hasOwn(value, key) &&
    hasValue((value as Record<string | number, unknown>)[key], rest)
  );
}
