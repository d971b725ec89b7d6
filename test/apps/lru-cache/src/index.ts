/** Keeps what it fetched in lru-cache, after "fetchMethod" of its documentation: two at most, each a minute. */
import { LRUCache } from "lru-cache";

interface Env {
  readonly BACKEND: string;
}

const evicted: string[] = [];
const cache = new LRUCache<string, { readonly price: number }, string>({
  max: 2,
  ttl: 60_000,
  dispose: (_, key, reason) => {
    if (reason === "evict") evicted.push(key);
  },
  fetchMethod: async (key, _, { signal, context }) => {
    const response = await fetch(`${context}/prices/${key}`, { signal });
    return response.ok ? ((await response.json()) as { price: number }) : undefined;
  },
});

export default {
  async fetch(request: Request, { BACKEND }: Env): Promise<Response> {
    const { pathname } = new URL(request.url);
    if (pathname === "/stats") return Response.json({ keys: [...cache.keys()], evicted, size: cache.size });
    const key = pathname.slice(1);
    const isFresh = cache.has(key);
    const price = await cache.fetch(key, { context: BACKEND });
    if (price === undefined) return new Response("unknown", { status: 404 });
    return Response.json(price, { headers: { "x-from": isFresh ? "cache" : "origin" } });
  },
};
