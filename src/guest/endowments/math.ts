import { randomFillSync } from 'node:crypto';

/**
 * `Math`, with the `random` that SES takes away. From the system's generator: V8's own has a state from which one who sees some
 * numbers tells the next, and this bundle draws from it too.
 */
export function makeMath(): Math {
  const members = Object.getOwnPropertyDescriptors(Math);
  return harden(Object.create(Object.prototype, { ...members, random: { value: makeRandom() } }) as Math);
}

/** Numbers from 0 up to, and not, 1, of 53 random bits; drawn from the system some hundred at a time. */
function makeRandom(): () => number {
  const pool = new BigUint64Array(128);
  let next = pool.length;
  return function random() {
    if (next === pool.length) {
      randomFillSync(pool);
      next = 0;
    }
    const bits = pool[next] ?? 0n;
    pool[next] = 0n;
    next += 1;
    return Number(bits >> 11n) / 2 ** 53;
  };
}
