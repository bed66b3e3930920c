/**
 * `Date`, with the clock that SES takes away: real time, in whole milliseconds (docs/decisions/what-a-compartment-is-given.md).
 * Everything else, and the prototype, are the shared and frozen Date's.
 */
const readClock = Date.now;

/** The Date of compartments, which has no clock: `new Date()` throws, `new Date(0)` does not. */
const SharedDate = Date.prototype.constructor as DateConstructor;

export function makeDate(): DateConstructor {
  const now = (): number => Math.floor(readClock());
  const TamedDate = function Date(...parts: unknown[]): unknown {
    const at = parts.length === 0 ? [now()] : parts;
    if (new.target === undefined) return Reflect.construct(SharedDate, [now()]).toString();
    return Reflect.construct(SharedDate, at, new.target as unknown as NewableFunction);
  };
  Object.defineProperties(TamedDate, {
    length: { value: SharedDate.length },
    prototype: { value: SharedDate.prototype, writable: false },
    now: { value: now },
    parse: { value: SharedDate.parse },
    UTC: { value: SharedDate.UTC },
  });
  return harden(TamedDate) as unknown as DateConstructor;
}
