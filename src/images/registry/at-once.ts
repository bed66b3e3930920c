/**
 * Does `work` for each item, at most `most` at once, and answers in their order. The first failure is what is thrown, once all that
 * was under way has ended: `failed` is told of it at once, so that it does.
 */
export async function eachAtOnce<Item, Result>(
  items: readonly Item[],
  { most, failed }: { most: number; failed: (why: unknown) => void },
  work: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  const failures: unknown[] = [];
  const queue = [...items.entries()];
  async function goOn(): Promise<void> {
    while (failures.length === 0) {
      const next = queue.shift();
      if (next === undefined) return;
      const [index, item] = next;
      try {
        results[index] = await work(item);
      } catch (why) {
        failures.push(why);
        failed(failures[0]);
      }
    }
  }
  await Promise.all(Array.from({ length: Math.min(most, items.length) }, goOn));
  if (failures.length > 0) throw failures[0];
  return results;
}
