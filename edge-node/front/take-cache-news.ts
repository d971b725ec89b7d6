/** What a front does with what another front of its node tells of its cache. What changed there (RFC 9111 §4.4) is not true here either. */
import { unpackKeys, type CacheNews } from "../cache/cache-news.ts";
import type { Services } from "../pipeline/services.ts";

export function takeCacheNews({ cache, collapser, disk }: Services, news: CacheNews): void {
  for (const key of unpackKeys(news.used)) disk?.learnUse(key);
  for (const key of unpackKeys(news.written)) disk?.learnEntry(key);
  for (const { key, at } of news.invalidated) {
    const isFilling = collapser.has(key) || disk?.isBusy(key) === true;
    cache.invalidate(key, { now: at, isFilling });
  }
}
