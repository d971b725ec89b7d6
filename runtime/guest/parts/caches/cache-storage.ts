/**
 * `caches` (https://w3c.github.io/ServiceWorker/#cachestorage-interface), with the `default` that edge runtimes add: a cache which
 * always exists and which `keys`, `has` and `match` do not count among the named ones.
 */
import { cacheAnswer, type CacheOperation } from "../../../cache-call.ts";
import { finishInterface } from "../../web/core/interface.ts";
import { requireArguments, toDictionary, toDomString } from "../../web/core/webidl.ts";
import type { RequestInfo } from "../../web/fetch/request.ts";
import type { Response } from "../../web/fetch/response.ts";
import { type Cache, cacheAt } from "./cache.ts";
import { answeredList, askHost, type CacheQueryOptions, matchFirst } from "./cache-query.ts";

export interface MultiCacheQueryOptions extends CacheQueryOptions {
  readonly cacheName?: string;
}

const internal: unique symbol = Symbol("internal");

export class CacheStorage {
  readonly #default: Cache = cacheAt({ scope: "default", name: "" });

  constructor(token?: typeof internal) {
    if (token !== internal) throw new TypeError("Cannot create a CacheStorage: illegal constructor");
  }

  get default(): Cache {
    return this.#default;
  }

  async match(
    ...parameters: [request: RequestInfo, options?: MultiCacheQueryOptions | null]
  ): Promise<Response | undefined> {
    void this.#default;
    requireArguments(parameters.length, 1, "CacheStorage.match");
    const cacheName = toDictionary(parameters[1], "CacheStorage.match")["cacheName"];
    const place =
      cacheName === undefined
        ? ({ scope: "any", name: "" } as const)
        : ({ scope: "named", name: toDomString(cacheName) } as const);
    return await matchFirst(place, parameters[0], parameters[1]);
  }

  async has(...parameters: [cacheName: string]): Promise<boolean> {
    requireArguments(parameters.length, 1, "CacheStorage.has");
    return await this.#done("has", parameters[0]);
  }

  async open(...parameters: [cacheName: string]): Promise<Cache> {
    requireArguments(parameters.length, 1, "CacheStorage.open");
    const name = toDomString(parameters[0]);
    await this.#done("open", name);
    return cacheAt({ scope: "named", name });
  }

  async delete(...parameters: [cacheName: string]): Promise<boolean> {
    requireArguments(parameters.length, 1, "CacheStorage.delete");
    return await this.#done("drop", parameters[0]);
  }

  async keys(): Promise<string[]> {
    void this.#default;
    const incoming = await askHost({ operation: "names", place: { scope: "any", name: "" } });
    return [...(await answeredList<string>(incoming))];
  }

  async #done(operation: CacheOperation, name: unknown): Promise<boolean> {
    const incoming = await askHost({ operation, place: { scope: "named", name: toDomString(name) } });
    return incoming.status === cacheAnswer.done;
  }
}

export function createCacheStorage(): CacheStorage {
  return new CacheStorage(internal);
}

finishInterface(CacheStorage, "CacheStorage");
