/** How many lines may be written now. */
export interface Allowance {
  /** Whether there is room for one more, which is then taken. */
  take(): boolean;
}

/** A second's worth may come at once; then as many as the time that has passed allows. */
export function openAllowance(perSecond: number, now = () => performance.now()): Allowance {
  let left = perSecond;
  let countedAt = now();
  return {
    take() {
      const at = now();
      left = Math.min(perSecond, left + ((at - countedAt) * perSecond) / 1000);
      countedAt = at;
      if (left < 1) return false;
      left -= 1;
      return true;
    },
  };
}
