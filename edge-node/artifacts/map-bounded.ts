/**
 * Runs one asynchronous operation over many items, at most `concurrency` at once, results in the items' order.
 *
 * Invariant: after the first rejection nothing new is started, and the returned promise rejects only when all that was started ended.
 */
export async function mapBounded<Item, Result>(
  items: readonly Item[],
  options: { readonly concurrency: number; readonly run: (item: Item) => Promise<Result> },
): Promise<Result[]> {
  const results: Result[] = [];
  let next = 0;
  let failed = false;
  const work = async (): Promise<void> => {
    while (!failed && next < items.length) {
      const index = next++;
      try {
        results[index] = await options.run(items[index] as Item);
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  };
  const workers = Array.from({ length: Math.min(options.concurrency, items.length) }, work);
  const ended = await Promise.allSettled(workers);
  const rejected = ended.find((worker) => worker.status === "rejected");
  if (rejected !== undefined) throw rejected.reason;
  return results;
}
