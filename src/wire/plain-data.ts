/**
 * What may cross as a value: null, undefined, booleans, numbers, text, and arrays and plain objects of these, within bounds.
 *
 * Structured clone carries much more: a Map, a SharedArrayBuffer that changes after it was checked, an array of four billion
 * holes, a BigInt that takes a minute to print. A schema refuses those too, but not before it has described what it got; so this
 * looks first, in time that grows with the bounds and not with what came.
 */
export const plainDataLimits = {
  /** Of arrays and objects in each other; the deepest message of the contract has nine. */
  depthMax: 32,
  /** Of values and keys, all together. */
  countMax: 100_000,
  /** Of all texts and keys together, in UTF-16 units. The kernel takes a command line and environment of 6 MiB. */
  charactersMax: 16 * 1_048_576,
  /** Of the one Uint8Array that an answer may hold, where answers may hold one. */
  bytesMax: 1_048_576,
} as const;

/**
 * Says why a value is not plain data within the bounds; undefined where it is. May run getters of the value: use it where they do
 * no harm.
 */
export function findNotPlain(
  value: unknown,
  charactersMax: number = plainDataLimits.charactersMax,
  bytes: 'bytes' | 'no bytes' = 'no bytes',
): string | undefined {
  const spent = { count: 0, characters: 0, charactersMax, mayHaveBytes: bytes === 'bytes' };
  return look(value, 0, spent);
}

interface Spent {
  count: number;
  characters: number;
  readonly charactersMax: number;
  mayHaveBytes: boolean;
}

function look(value: unknown, depth: number, spent: Spent): string | undefined {
  spent.count += 1;
  if (spent.count > plainDataLimits.countMax) return `more than ${plainDataLimits.countMax} values`;
  switch (typeof value) {
    case 'undefined':
    case 'boolean':
    case 'number':
      return undefined;
    case 'string':
      return lookAtText(value, spent);
    case 'object':
      if (value === null) return undefined;
      if (depth === plainDataLimits.depthMax) return `nested more than ${plainDataLimits.depthMax} levels deep`;
      if (spent.mayHaveBytes && value instanceof Uint8Array) return lookAtBytes(value, spent);
      return Array.isArray(value) ? lookAtArray(value, depth, spent) : lookAtObject(value, depth, spent);
    default:
      return `a ${typeof value}`;
  }
}

function lookAtText(text: string, spent: Spent): string | undefined {
  spent.characters += text.length;
  return spent.characters > spent.charactersMax ? `more than ${spent.charactersMax} characters` : undefined;
}

/** One, with a buffer of its own: none that is shared, can grow, or holds more than can be seen. */
function lookAtBytes(bytes: Uint8Array, spent: Spent): string | undefined {
  spent.mayHaveBytes = false;
  const { buffer } = bytes;
  if (Object.getPrototypeOf(bytes) !== Uint8Array.prototype || !(buffer instanceof ArrayBuffer)) return 'bytes that are shared';
  if (Reflect.get(buffer, 'resizable') === true || buffer.byteLength !== bytes.length) return 'bytes that are a part of something larger';
  return bytes.length > plainDataLimits.bytesMax ? `more than ${plainDataLimits.bytesMax} bytes` : undefined;
}

/** The buffer of the bytes in a reply, to be moved with it; see lookAtBytes. */
export function findBuffer(reply: unknown): ArrayBuffer | undefined {
  if (typeof reply !== 'object' || reply === null) return undefined;
  const bytes = Object.values(reply).find((value) => value instanceof Uint8Array);
  return bytes?.buffer instanceof ArrayBuffer ? bytes.buffer : undefined;
}

/** The length first: holes cost whoever sends them nothing. */
function lookAtArray(values: readonly unknown[], depth: number, spent: Spent): string | undefined {
  if (values.length > plainDataLimits.countMax) return `more than ${plainDataLimits.countMax} values`;
  for (let index = 0; index < values.length; index++) {
    const problem = look(values[index], depth + 1, spent);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function lookAtObject(value: object, depth: number, spent: Spent): string | undefined {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return 'an object that is not plain';
  for (const key in value) {
    const problem = lookAtText(key, spent) ?? look((value as Readonly<Record<string, unknown>>)[key], depth + 1, spent);
    if (problem !== undefined) return problem;
  }
  return undefined;
}
