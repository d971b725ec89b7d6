import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { holderLimits } from "../../../control-plane/calls/call-holders.ts";
import type { NatsStreams } from "../../../control-plane/calls/nats-streams.ts";
import { acceptedCall, leasedCall } from "../../../control-plane/calls/shared-call.ts";
import { SharedCallIndex } from "../../../control-plane/calls/shared-call-index.ts";
import { SharedCallKeeper } from "../../../control-plane/calls/shared-call-keeper.ts";
import type { SharedCallRecords } from "../../../control-plane/calls/shared-call-records.ts";
import { silentLogger } from "../../../control-plane/logger.ts";
import { FakeClock } from "../fake-clock.ts";
import { settle } from "../rollout/fake-output.ts";
import { newCall } from "./new-call.ts";

let clock: FakeClock;
let index: SharedCallIndex;
let keeper: SharedCallKeeper;
/** Sequences. */
let held: Set<number>;
let released: string[];
beforeEach(async () => {
  clock = new FakeClock();
  index = new SharedCallIndex();
  held = new Set();
  released = [];
  const streams = { connected: true, put: () => Promise.resolve(1), remove: () => Promise.resolve() };
  /** What is stored is what the index knows. */
  const records: Pick<SharedCallRecords, "refresh" | "write"> = {
    refresh: (id) => {
      const known = index.find(Number(id.slice(1)));
      return Promise.resolve(known === null ? null : { ...known, body: "" });
    },
    write: (call, { expected }) => {
      released.push(call.id);
      const known = { call, revision: expected + 100 };
      index.put(known);
      return Promise.resolve(known);
    },
  };
  keeper = new SharedCallKeeper({
    holder: "own",
    streams: streams as unknown as NatsStreams,
    index,
    records: records as SharedCallRecords,
    clock,
    logger: silentLogger,
    isHeld: ({ sequence }) => held.has(sequence),
    onFreed: () => {},
  });
  await keeper.start();
});
afterEach(async () => {
  await keeper.close([]);
  index.close();
});

/** The stream says that `holder` has the call, since the message `revision`. */
function store(sequence: number, { holder = "own", revision = 1 } = {}): void {
  const accepted = { ...acceptedCall(newCall(`c${String(sequence)}`), 1_000), sequence };
  index.put({ call: leasedCall(accepted, { holder, lease: `${holder}.1`, startedAtMs: 1_000 }), revision });
}

async function beat(): Promise<void> {
  keeper.heard("own");
  clock.advance(holderLimits.beatMs);
  await settle();
}

describe("a call that is had here while nobody here has it", () => {
  it("waits again once it was seen twice", async () => {
    store(1);
    await beat();
    expect(released).toEqual([]);
    await beat();
    expect(released).toEqual(["c1"]);
    expect(index.find(1)?.call).toMatchObject({ state: "wait", holder: null });
    await beat();
    expect(released).toEqual(["c1"]);
  });

  it("is left to others, and to whoever here has it", async () => {
    store(1, { holder: "other" });
    store(2);
    held.add(2);
    for (let beats = 0; beats < 3; beats++) await beat();
    expect(released).toEqual([]);
  });

  it("is not taken for one when it was had, or leased anew, in between", async () => {
    store(1);
    store(2);
    await beat();
    held.add(1);
    store(2, { revision: 2 });
    await beat();
    held.delete(1);
    held.add(2);
    await beat();
    expect(released).toEqual([]);
    await beat();
    expect(released).toEqual(["c1"]);
  });

  it("is given back with the first sign of life that does so when it is in doubt", async () => {
    store(1);
    keeper.doubt({ id: "c1", sequence: 1 });
    await beat();
    expect(released).toEqual(["c1"]);
  });
});
