import { describe, expect, it } from "vitest";
import { MemoryFunctionCaches } from "../../../edge-node/cache/memory-function-caches.ts";
import { emptyBody, type Body } from "../../../runtime/body.ts";
import { cacheAnswer, type CacheCall } from "../../../runtime/cache-call.ts";
import type { SubrequestResponse } from "../../../runtime/driver.ts";
import { functionCacheLimits, messageLimits } from "../../../sdk/limits.ts";
import { ManualClock } from "../support/edge.ts";

const never = new AbortController().signal;

/** One function's view of a store. */
class Owner {
  readonly #caches: MemoryFunctionCaches;
  readonly #name: string;

  constructor(caches: MemoryFunctionCaches, name: string) {
    this.#caches = caches;
    this.#name = name;
  }

  async ask(
    operation: CacheCall["operation"],
    url: string | null = null,
    more: Partial<CacheCall> & { readonly requestHeaders?: string; readonly body?: Body; signal?: AbortSignal } = {},
  ): Promise<SubrequestResponse & { readonly notKept: string | null }> {
    const { requestHeaders = "", body = emptyBody, signal = never, ...change } = more;
    const { response, notKept } = await this.#caches.run(this.#name, {
      call: {
        operation,
        scope: "default",
        name: "",
        asksForRequest: url !== null,
        ignoreSearch: false,
        ignoreVary: false,
        response: null,
        ...change,
      },
      url: url ?? "",
      headers: requestHeaders,
      body,
      signal,
    });
    return { ...response, notKept };
  }

  /** Why nothing was kept, or the answer's status. */
  async put(
    url: string,
    text: string,
    more: { headers?: string; requestHeaders?: string; body?: Body; signal?: AbortSignal } & Partial<CacheCall> = {},
  ): Promise<string | number> {
    const { headers = "", ...rest } = more;
    const response = { status: 200, statusText: "", headers, url: "", redirected: false };
    const answer = await this.ask("put", url, { response, body: { kind: "text", text }, ...rest });
    return answer.notKept ?? answer.status;
  }

  /** The stored body, or null. */
  async match(url: string, more: Parameters<Owner["ask"]>[2] = {}): Promise<string | null> {
    const answer = await this.ask("match", url, more);
    return answer.status === cacheAnswer.nothing ? null : textOf(answer.body);
  }
}

function textOf(body: Body): string {
  return body.kind === "bytes" ? Buffer.from(body.bytes).toString() : "";
}

function start(limits: Partial<ConstructorParameters<typeof MemoryFunctionCaches>[0]> = {}): {
  readonly clock: ManualClock;
  readonly caches: MemoryFunctionCaches;
  readonly owner: (name: string) => Owner;
  readonly f: Owner;
} {
  const clock = new ManualClock();
  const caches = new MemoryFunctionCaches({ clock, ...limits });
  const owner = (name: string): Owner => new Owner(caches, name);
  return { clock, caches, owner, f: owner("f") };
}

function chunks(parts: readonly (string | Error)[], onReturn: () => void = () => {}): Body {
  const left = [...parts];
  const iterator: AsyncIterator<Uint8Array> = {
    next: () => {
      const part = left.shift();
      if (part instanceof Error) return Promise.reject(part);
      return Promise.resolve(
        part === undefined ? { done: true, value: undefined } : { done: false, value: Buffer.from(part) },
      );
    },
    return: () => {
      onReturn();
      return Promise.resolve({ done: true, value: undefined });
    },
  };
  return { kind: "stream", lengthBytes: undefined, chunks: { [Symbol.asyncIterator]: () => iterator } };
}

const A = "https://x.y/a";

describe("what is stored", () => {
  it("is found again by its function alone", async () => {
    const { owner, f } = start();
    expect(await f.put(A, "mine")).toBe(cacheAnswer.done);
    expect(await f.match(A)).toBe("mine");
    expect(await owner("g").match(A)).toBeNull();
    expect(await owner("g").ask("delete", A)).toMatchObject({ status: cacheAnswer.none });
    expect(await owner("f").match(A)).toBe("mine");
  });

  it("replaces what its request would have found, and comes last in keys()", async () => {
    const { f } = start();
    await f.put(A, "1");
    await f.put("https://x.y/b", "b");
    await f.put(A, "2");
    expect(await f.match(A)).toBe("2");
    expect(JSON.parse(textOf((await f.ask("keys")).body))).toEqual([
      ["https://x.y/b", ""],
      [A, ""],
    ]);
  });

  it("is not shared between the default cache and named ones", async () => {
    const { f } = start();
    await f.put(A, "default");
    await f.put(A, "named", { scope: "named", name: "default" });
    expect(await f.match(A)).toBe("default");
    expect(await f.match(A, { scope: "named", name: "default" })).toBe("named");
    expect(await f.match(A, { scope: "any" })).toBe("named");
    expect(await f.match(A, { scope: "named", name: "other" })).toBeNull();
  });

  it("varies with the request fields its Vary names; an absent field is not an empty one", async () => {
    const { f } = start();
    const headers = "vary:X-Lang, accept\n";
    await f.put(A, "de", { headers, requestHeaders: "x-lang:de\n" });
    await f.put(A, "none", { headers });
    expect(await f.match(A, { requestHeaders: "x-lang:de\n" })).toBe("de");
    expect(await f.match(A)).toBe("none");
    expect(await f.match(A, { requestHeaders: "x-lang:\n" })).toBeNull();
    expect(await f.match(A, { requestHeaders: "x-lang:fr\n" })).toBeNull();
    expect(await f.match(A, { requestHeaders: "x-lang:fr\n", ignoreVary: true })).toBe("de");
  });

  it("is found without its query when the query is to be ignored", async () => {
    const { f } = start();
    await f.put(`${A}?n=1`, "1");
    await f.put(`${A}?n=2`, "2");
    await f.put("https://x.y/ab", "other");
    expect(await f.match(A)).toBeNull();
    expect(await f.match(`${A}?n=3`, { ignoreSearch: true })).toBe("1");
    expect(await f.ask("delete", A, { ignoreSearch: true })).toMatchObject({ status: cacheAnswer.done });
    expect(await f.match(`${A}?n=2`)).toBeNull();
    expect(await f.match("https://x.y/ab")).toBe("other");
  });

  it("comes out together in matchAll(), in order, each with its own bytes", async () => {
    const { f } = start();
    await f.put(`${A}?1`, "one");
    await f.put(`${A}?2`, "");
    await f.put(`${A}?3`, "three");
    const { body } = await f.ask("matchAll", A, { ignoreSearch: true });
    const bytes = Buffer.from(body.kind === "bytes" ? body.bytes : []);
    const end = 4 + bytes.readUInt32BE(0);
    const heads = JSON.parse(bytes.subarray(4, end).toString()) as { bodyBytes: number }[];
    expect(heads.map(({ bodyBytes }) => bodyBytes)).toEqual([3, 0, 5]);
    expect(bytes.subarray(end).toString()).toBe("onethree");
  });
});

describe("how long it is kept", () => {
  it.each([
    ["cache-control:max-age=60\n", 60],
    ["cache-control:max-age=5, s-maxage=60\n", 60],
    ["cache-control:max-age=60\nage:20\n", 40],
    ["date:Thu, 01 Jan 2026 00:00:00 GMT\nexpires:Thu, 01 Jan 2026 00:00:30 GMT\n", 30],
  ])("%j is fresh for %d seconds", async (headers, seconds) => {
    const { clock, caches, f } = start();
    expect(await f.put(A, "x", { headers })).toBe(cacheAnswer.done);
    clock.advance(seconds * 1_000 - 1);
    expect(await f.match(A)).toBe("x");
    clock.advance(1);
    expect(await f.match(A)).toBeNull();
    expect(caches.entries).toBe(0);
  });

  it("without a word about it as long as there is room", async () => {
    const { clock, f } = start();
    await f.put(A, "x");
    clock.advance(10 * 365 * 86_400_000);
    expect(await f.match(A)).toBe("x");
    expect((await f.ask("match", A)).headers).toBe("");
  });

  it("where the response says how long, its age is told", async () => {
    const { clock, f } = start();
    await f.put(A, "x", { headers: "cache-control:max-age=60\nage:5\n" });
    clock.advance(10_500);
    expect((await f.ask("match", A)).headers).toContain("age:15\n");
  });

  it.each([
    ["cache-control:no-store\n", "NO_STORE"],
    ["cache-control:private, max-age=60\n", "PRIVATE"],
    ["cache-control:no-cache\n", "NO_CACHE"],
    ["set-cookie:a=b\n", "SET_COOKIE"],
    ["cache-control:max-age=0\n", "STALE_ON_ARRIVAL"],
    ["cache-control:max-age=60\nage:60\n", "STALE_ON_ARRIVAL"],
    ["expires:0\n", "STALE_ON_ARRIVAL"],
    [`vary:${Array.from({ length: 17 }, (_, index) => `a${index}`).join()}\n`, "VARY_TOO_LONG"],
  ])("%j stores nothing, with its reason, and forgets what stood there", async (headers, reason) => {
    const { f } = start();
    await f.put(A, "old");
    let returned = 0;
    const body = chunks(["new"], () => returned++);
    expect(await f.put(A, "", { headers, body })).toBe(reason);
    expect(await f.match(A)).toBeNull();
    expect(returned).toBe(1);
  });
});

describe("bodies", () => {
  it("arrive in parts and are stored whole", async () => {
    const { f } = start();
    await f.put(A, "", { body: chunks(["a", "", "b", "c"]) });
    expect(await f.match(A)).toBe("abc");
  });

  it("that break off are not stored; what stood there stays", async () => {
    const { caches, f } = start();
    await f.put(A, "old");
    await expect(f.put(A, "", { body: chunks(["a", new Error("gone")]) })).rejects.toMatchObject({
      code: "FUNCTION_BODY_FAILED",
      message: "The response's body broke off: gone",
    });
    expect(await f.match(A)).toBe("old");
    expect(caches.entries).toBe(1);
  });

  it("that nobody waits for any more are given back and not stored", async () => {
    const { f } = start();
    const abort = new AbortController();
    let returned = 0;
    const waiting: Body = {
      kind: "stream",
      lengthBytes: undefined,
      chunks: {
        [Symbol.asyncIterator]: () => ({
          next: () => new Promise(() => {}),
          return: () => {
            returned++;
            return Promise.resolve({ done: true, value: undefined });
          },
        }),
      },
    };
    const storing = f.put(A, "", { body: waiting, signal: abort.signal });
    abort.abort();
    await expect(storing).rejects.toMatchObject({ code: "FUNCTION_BODY_FAILED" });
    expect(returned).toBe(1);
    expect(await f.match(A)).toBeNull();
  });

  it("may have as many bytes as a function may hold, and not one more", async () => {
    const { f } = start();
    const max = "x".repeat(messageLimits.bufferedBodyBytesMax);
    expect(await f.put(A, max)).toBe(cacheAnswer.done);
    expect(await f.put("https://x.y/b", `${max}x`)).toBe("BODY_TOO_LARGE");
    let returned = 0;
    expect(await f.put("https://x.y/b", "", { body: chunks([max, "x", "never"], () => returned++) })).toBe(
      "BODY_TOO_LARGE",
    );
    expect(returned).toBe(1);
    expect(await f.match("https://x.y/b")).toBeNull();
  });

  it("on their way in are bounded together, and their room is free again afterwards", async () => {
    const { f, owner } = start({ arrivingBytesMax: 15, arrivingBytesPerFunctionMax: 10 });
    const arrived = Promise.withResolvers<void>();
    const held = Promise.withResolvers<void>();
    const slow: Body = {
      kind: "stream",
      lengthBytes: undefined,
      chunks: (async function* () {
        yield Buffer.from("1234567890");
        arrived.resolve();
        await held.promise;
      })(),
    };
    const first = f.put(A, "", { body: slow });
    await arrived.promise;
    expect(await f.put("https://x.y/b", "x")).toBe("TOO_MANY_ARRIVING");
    expect(await owner("g").put(A, "12345")).toBe(cacheAnswer.done);
    expect(await owner("g").put(A, "123456")).toBe("TOO_MANY_ARRIVING");
    held.resolve();
    expect(await first).toBe(cacheAnswer.done);
    expect(await f.put("https://x.y/b", "x")).toBe(cacheAnswer.done);
  });
});

describe("bounds", () => {
  const kilobyte = "x".repeat(1_024);

  it("a function's least recently used entry goes when its bytes are used up, and another function's stay", async () => {
    const { caches, owner, f } = start({ bytesPerFunctionMax: 8_000 });
    await owner("g").put(A, "other");
    for (let n = 0; n < 4; n++) await f.put(`https://x.y/${n}`, kilobyte);
    await f.match("https://x.y/0");
    for (let n = 4; n < 6; n++) await f.put(`https://x.y/${n}`, kilobyte);
    expect(await f.match("https://x.y/0")).toBe(kilobyte);
    expect(await f.match("https://x.y/1")).toBeNull();
    expect(await owner("g").match(A)).toBe("other");
    expect(caches.bytes).toBeLessThan(9_000);
    expect(await f.put("https://x.y/big", "x".repeat(8_000))).toBe("TOO_LARGE_FOR_FUNCTION");
  });

  it("the function whose caches were used longest ago loses first when all together are too large", async () => {
    const { caches, owner } = start({ bytesMax: 8_000 });
    for (const name of ["a", "b", "c", "d"]) await owner(name).put(A, kilobyte);
    await owner("a").match(A);
    for (const name of ["e", "f"]) await owner(name).put(A, kilobyte);
    expect(await owner("b").match(A)).toBeNull();
    expect(await owner("a").match(A)).toBe(kilobyte);
    expect(await owner("f").match(A)).toBe(kilobyte);
    expect(caches.bytes).toBeLessThanOrEqual(8_000);
  });

  it("entries, variants of one URL and named caches are counted", async () => {
    const { caches, f } = start();
    const { entriesPerFunctionMax, variantsPerUrlMax, cachesPerFunctionMax } = functionCacheLimits;
    for (let n = 0; n <= entriesPerFunctionMax; n++) await f.put(`https://x.y/${n}`, "");
    expect(caches.entries).toBe(entriesPerFunctionMax);
    expect(await f.match("https://x.y/0")).toBeNull();
    expect(await f.match("https://x.y/1")).toBe("");
    for (let n = 0; n <= variantsPerUrlMax; n++)
      await f.put(A, String(n), { headers: "vary:n\n", requestHeaders: `n:${n}\n` });
    expect(await f.match(A, { requestHeaders: "n:0\n" })).toBeNull();
    expect(await f.match(A, { requestHeaders: "n:1\n" })).toBe("1");
    const open = (name: string): Promise<number> =>
      f.ask("open", null, { scope: "named", name }).then(({ status }) => status);
    for (let n = 0; n < cachesPerFunctionMax; n++) expect(await open(String(n))).toBe(cacheAnswer.done);
    expect(await open("0")).toBe(cacheAnswer.done);
    expect(await open("one more")).toBe(cacheAnswer.full);
    expect(await f.put(A, "x", { scope: "named", name: "one more" })).toBe("TOO_LARGE_FOR_FUNCTION");
  });

  it("names count as well: many functions that only open caches are forgotten", async () => {
    const { caches, owner } = start({ bytesMax: 5_000 });
    for (let n = 0; n < 20; n++) await owner(`f${n}`).ask("open", null, { scope: "named", name: "x".repeat(200) });
    expect(caches.bytes).toBeLessThanOrEqual(5_000);
    expect(await owner("f0").ask("has", null, { scope: "named", name: "x".repeat(200) })).toMatchObject({
      status: cacheAnswer.none,
    });
  });

  it("a list that is too long is refused as a whole", async () => {
    const { f } = start();
    const half = "x".repeat(messageLimits.bufferedBodyBytesMax / 2);
    await f.put(`${A}?1`, half);
    await f.put(`${A}?2`, `${half}x`);
    expect(await f.ask("matchAll")).toMatchObject({ status: cacheAnswer.full, body: emptyBody });
    expect(await f.ask("matchAll", `${A}?1`)).toMatchObject({ status: cacheAnswer.done });
    for (let n = 0; n < 17; n++) await f.put(`https://x.y/${n}`, "", { requestHeaders: `a:${"x".repeat(63_000)}\n` });
    expect(await f.ask("keys")).toMatchObject({ status: cacheAnswer.full });
  });
});

describe("named caches", () => {
  it("are listed in the order they were opened, and gone with all their entries when deleted", async () => {
    const { caches, f } = start();
    for (const name of ["b", "a", "b"]) await f.ask("open", null, { scope: "named", name });
    await f.put(A, "x", { scope: "named", name: "a" });
    expect(textOf((await f.ask("names")).body)).toBe('["b","a"]');
    const drop = (): Promise<number> => f.ask("drop", null, { scope: "named", name: "a" }).then(({ status }) => status);
    expect([await drop(), await drop()]).toEqual([cacheAnswer.done, cacheAnswer.none]);
    expect(caches.entries).toBe(0);
    expect(await f.match(A, { scope: "named", name: "a" })).toBeNull();
  });

  it("come back when something is put into one that was deleted meanwhile", async () => {
    const { f } = start();
    await f.put(A, "x", { scope: "named", name: "a" });
    expect(await f.ask("has", null, { scope: "named", name: "a" })).toMatchObject({ status: cacheAnswer.done });
  });
});

it("functions that do not exist any more are forgotten", async () => {
  const { caches, owner, f } = start();
  await f.put(A, "x");
  await owner("g").put(A, "y");
  caches.keepOnly((name) => name === "g");
  expect(await f.match(A)).toBeNull();
  expect(await owner("g").match(A)).toBe("y");
});
