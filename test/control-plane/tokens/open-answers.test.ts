import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { silentLogger } from "../../../control-plane/logger.ts";
import { loneReplica, type ReplicaMessage, type Replicas } from "../../../control-plane/replicas/replicas.ts";
import type { Store } from "../../../control-plane/store.ts";
import { openSqliteStore } from "../../../control-plane/store/sqlite.ts";
import { OpenAnswers } from "../../../control-plane/tokens/open-answers.ts";
import { controlLinkLimits } from "../../../sdk/limits.ts";
import { FakeClock } from "../fake-clock.ts";
import { settle } from "../rollout/fake-output.ts";

let clock: FakeClock;
let store: Store;
let answers: OpenAnswers;
let reads: number;
let isFailing: boolean;
/** The present read waits for it. */
let gate: Promise<void>;
let sent: (readonly [readonly string[], ReplicaMessage])[];
let hear: (message: ReplicaMessage) => void;
let ended: string[];

beforeEach(async () => {
  clock = new FakeClock();
  store = await openSqliteStore({ file: ":memory:", openedAt: "2026-01-01T00:00:00.000Z" });
  reads = 0;
  isFailing = false;
  gate = Promise.resolve();
  sent = [];
  ended = [];
  const counting: Pick<Store, "read"> = {
    read: async (work) => {
      reads++;
      await gate;
      if (isFailing) throw new Error("unavailable");
      return store.read(work);
    },
  };
  const replicas: Replicas = {
    ...loneReplica,
    others: () => new Map([["other", { nodes: [], followsLogs: false }]]),
    send: (targets, message) => {
      sent.push([targets, message]);
    },
    onMessage: (_kind, listener) => {
      hear = listener as typeof hear;
    },
  };
  answers = new OpenAnswers({ store: counting, replicas, clock, logger: silentLogger });
  for (const id of ["t1", "t2"]) await create(id);
});
afterEach(async () => {
  await answers.close();
  await store.close();
});

const create = (id: string): Promise<void> =>
  store.change(({ tokens }) => tokens.insert({ id, name: id, role: "node", hash: id, createdAt: "" }));
const remove = (id: string): Promise<void> => store.change(({ tokens }) => tokens.delete(id));

function open(tokenId: string, name = tokenId): () => void {
  const over = answers.add(tokenId, () => {
    ended.push(name);
    over();
  });
  return over;
}

async function beat(): Promise<void> {
  clock.advance(controlLinkLimits.heartbeatMs);
  await settle();
}

describe("OpenAnswers", () => {
  it("ends those of a revoked token only, at once, and tells other control planes", () => {
    open("t1", "a");
    open("t2", "b");
    open("t1", "c");
    answers.revoke("t1");
    expect(ended).toEqual(["a", "c"]);
    expect(sent).toEqual([[["other"], { kind: "token-revoked", tokenId: "t1" }]]);
  });

  it("ends those of a token that was revoked at another control plane", () => {
    open("t1");
    open("t2");
    hear({ kind: "token-revoked", tokenId: "t2" });
    expect([ended, sent]).toEqual([["t2"], []]);
  });

  it("ends one whose token was revoked between its check and now", async () => {
    await remove("t1");
    open("t1");
    open("t2");
    await expect.poll(() => ended).toEqual(["t1"]);
  });

  it("finds with the next look what no message said, with one read for all", async () => {
    for (let index = 0; index < 20; index++) open(index % 2 === 0 ? "t1" : "t2");
    await expect.poll(() => clock.timers).toBe(1);
    reads = 0;
    await remove("t1");
    await beat();
    await expect.poll(() => ended.length).toBe(10);
    expect([reads, new Set(ended)]).toEqual([1, new Set(["t1"])]);
  });

  it("looks again for what begins while it looks", async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    gate = promise;
    open("t2");
    await remove("t1");
    for (let index = 0; index < 20; index++) open("t1");
    resolve();
    await expect.poll(() => ended.length).toBe(20);
    expect(reads).toBe(2);
  });

  it("leaves all of them while the store cannot be read, and looks again", async () => {
    isFailing = true;
    await remove("t1");
    open("t1");
    await expect.poll(() => clock.timers).toBe(1);
    expect(ended).toEqual([]);
    isFailing = false;
    await beat();
    await expect.poll(() => ended).toEqual(["t1"]);
  });

  it("does not look when nothing is open, and forgets what is over", async () => {
    const over = open("t1");
    await expect.poll(() => clock.timers).toBe(1);
    over();
    over();
    reads = 0;
    await beat();
    expect([reads, clock.timers]).toEqual([0, 0]);
    answers.revoke("t1");
    expect(ended).toEqual([]);
    open("t1");
    await expect.poll(() => clock.timers).toBe(1);
  });

  it("looks no more once it is closed", async () => {
    open("t1");
    await expect.poll(() => clock.timers).toBe(1);
    await answers.close();
    expect(clock.timers).toBe(0);
    open("t2");
    await settle();
    expect([reads, clock.timers]).toEqual([1, 0]);
  });
});
