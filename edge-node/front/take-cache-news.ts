/** What a front does with what another front of its node tells of its cache. What changed there (RFC 9111 §4.4) is not true here either. */
import { unpackKeys, type CacheNews } from "../cache/cache-news.ts";
import type { Services } from "../pipeline/services.ts";

export function takeCacheNews({ cache, collapser, disk, background }: Services, news: CacheNews): void {
  for (const key of unpackKeys(news.used)) disk?.learnUse(key);
  for (const key of unpackKeys(news.written)) disk?.learnEntry(key);
  for (const { key, at } of news.invalidated) {
    const isFilling = collapser.asked.has(key) || disk?.isBusy(key) === true;
    cache.invalidate(key, { now: at, isFilling });
    // What this front wrote after the other one had deleted it, and before it heard of that.
    if (disk !== null) background.add("disk.delete", disk.changed(key, at));
  }
}
