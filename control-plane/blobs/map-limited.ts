/**
 * Like `Promise.all` over `items.map(work)`, with at most `limit` of them under way: thousands of small files at once would only queue up
 * and hold memory. The first failure is thrown and starts no further work.
 */
export async function mapLimited<T, R>(
  items: readonly T[],
  { limit, work }: { readonly limit: number; readonly work: (item: T, index: number) => Promise<R> },
): Promise<R[]> {
  const results: R[] = [];
  const entries = items.entries();
  let failed = false;
  const worker = async (): Promise<void> => {
    for (const [index, item] of entries) {
      if (failed) return;
      try {
        results[index] = await work(item, index);
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, worker));
  return results;
}
