/**
 * `structuredClone` of plain data: primitives, plain objects, arrays, maps, sets, dates, buffers and their views, also cyclic.
 * Not Node's: that one copies an error with the stack that SES hides, throws errors of Node's own, and transfers.
 */
export function makeStructuredClone(): (value: unknown) => unknown {
  return harden((value: unknown, options?: unknown) => {
    if (options !== undefined) throw refusal('nothing can be transferred');
    return clone(value, new Map());
  });
}

type Known = Map<object, object>;

function clone(value: unknown, known: Known): unknown {
  if (typeof value === 'function' || typeof value === 'symbol') throw refusal(`a ${typeof value} is no plain data`);
  if (typeof value !== 'object' || value === null) return value;
  return known.get(value) ?? cloneObject(value, known);
}

function cloneObject(value: object, known: Known): object {
  const remember = <T extends object>(copy: T): T => (known.set(value, copy), copy);
  if (Array.isArray(value)) return copyMembers(value, remember(new Array<unknown>(value.length)), known);
  switch (Object.getPrototypeOf(value)) {
    case Object.prototype:
    case null:
      return copyMembers(value, remember({}), known);
    case Date.prototype:
      return remember(new SharedDate((value as Date).getTime()));
    case Map.prototype: {
      const copy = remember(new Map<unknown, unknown>());
      for (const [key, item] of [...(value as Map<unknown, unknown>)]) copy.set(clone(key, known), clone(item, known));
      return copy;
    }
    case Set.prototype: {
      const copy = remember(new Set<unknown>());
      for (const item of [...(value as Set<unknown>)]) copy.add(clone(item, known));
      return copy;
    }
    case ArrayBuffer.prototype:
      return remember((value as ArrayBuffer).slice(0));
    default:
      if (ArrayBuffer.isView(value)) return remember(cloneView(value, known));
      throw refusal('an instance of a class is no plain data');
  }
}

const SharedDate = Date.prototype.constructor as DateConstructor;

function copyMembers(from: object, to: object, known: Known): object {
  for (const key of Object.keys(from)) {
    const value = clone((from as Record<string, unknown>)[key], known);
    Object.defineProperty(to, key, { value, writable: true, enumerable: true, configurable: true });
  }
  return to;
}

type ViewClass = new (buffer: ArrayBufferLike, offset: number, length: number) => ArrayBufferView;

function cloneView(view: ArrayBufferView, known: Known): ArrayBufferView {
  const buffer = clone(view.buffer, known) as ArrayBuffer;
  const View = (Object.getPrototypeOf(view) as { constructor: ViewClass }).constructor;
  return new View(buffer, view.byteOffset, (view as Uint8Array).length ?? view.byteLength);
}

function refusal(why: string): TypeError {
  return new TypeError(`Cannot clone: ${why}`);
}
