import { describe, expect, it } from "vitest";
import { NewsSender, packKeys, unpackKeys, type CacheNews } from "../../../edge-node/cache/cache-news.ts";
import { cacheNewsLimits } from "../../../sdk/cdn-limits.ts";
import { FakeClock, settle } from "../support/fake-clock.ts";

interface Sent {
  readonly sender: NewsSender;
  readonly sent: CacheNews[];
  readonly clock: FakeClock;
  /** Ends the present sending. */
  readonly end: (how: "taken" | "refused") => Promise<void>;
}

function setUp(): Sent {
  const clock = new FakeClock();
  const sent: CacheNews[] = [];
  let pending = Promise.withResolvers<void>();
  const send = (news: CacheNews): Promise<void> => {
    sent.push(news);
    pending = Promise.withResolvers();
    return pending.promise;
  };
  const end: Sent["end"] = async (how) => {
    if (how === "taken") pending.resolve();
    else pending.reject(new Error("gone"));
    await settle();
  };
  return { sender: new NewsSender({ send, clock }), sent, clock, end };
}

const key = (number: number): { readonly b: number; readonly c: number } => ({ b: number, c: 4_294_967_295 - number });

describe("NewsSender", () => {
  it("gathers news of keys for a moment", async () => {
    const { sender, sent, clock } = setUp();
    sender.used(key(1));
    sender.written(key(2));
    sender.used(key(3));
    expect(sent).toEqual([]);
    await clock.advance(cacheNewsLimits.gatherMs);
    expect(sent).toEqual([{ used: packKeys([key(1), key(3)]), written: packKeys([key(2)]), invalidated: [] }]);
  });

  it("tells of a changed URL at once, with what waits", () => {
    const { sender, sent, clock } = setUp();
    sender.written(key(1));
    sender.invalidated({ key: "k", at: 5 });
    expect(sent).toEqual([{ used: "", written: packKeys([key(1)]), invalidated: [{ key: "k", at: 5 }] }]);
    expect(clock.waits).toEqual([]);
  });

  it.each(["taken", "refused"] as const)("sends one message at a time; the next when that is %s", async (how) => {
    const { sender, sent, end } = setUp();
    sender.invalidated({ key: "a", at: 1 });
    sender.invalidated({ key: "b", at: 2 });
    sender.invalidated({ key: "c", at: 3 });
    expect(sent).toHaveLength(1);
    await end(how);
    expect(sent[1]?.invalidated.map((each) => each.key)).toEqual(["b", "c"]);
  });

  it("drops what a channel does not take in time", async () => {
    const { sender, sent, end } = setUp();
    sender.invalidated({ key: "first", at: 0 });
    for (let at = 0; at < cacheNewsLimits.invalidatedMax + 10; at++) sender.invalidated({ key: "k", at });
    for (let number = 0; number < cacheNewsLimits.keysMax + 10; number++) sender.used(key(number));
    await end("taken");
    expect(sent[1]?.invalidated).toHaveLength(cacheNewsLimits.invalidatedMax);
    expect([...unpackKeys(sent[1]?.used ?? "")]).toHaveLength(cacheNewsLimits.keysMax);
  });

  it("sends nothing more after close()", async () => {
    const { sender, sent, clock } = setUp();
    sender.used(key(1));
    sender.close();
    await clock.advance(1_000);
    expect(sent).toEqual([]);
  });
});

it("keys come out as they went in", () => {
  const keys = [key(0), key(1), { b: 0x80000000, c: 0x7fffffff }];
  expect([...unpackKeys(packKeys(keys))]).toEqual(keys);
  expect([...unpackKeys("AAAA")]).toEqual([]);
});
