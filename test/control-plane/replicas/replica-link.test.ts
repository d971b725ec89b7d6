import { beforeEach, describe, expect, it } from "vitest";
import { silentLogger } from "../../../control-plane/logger.ts";
import type { ReplicaBoard, ReplicaRow, SentMessage } from "../../../control-plane/replicas/replica-board.ts";
import { ReplicaLink, replicaLimits, type ReplicaLinkOptions } from "../../../control-plane/replicas/replica-link.ts";
import { askerOf, questionId } from "../../../control-plane/replicas/replicas.ts";
import { FakeClock } from "../fake-clock.ts";

class MemoryBoard implements ReplicaBoard {
  readonly rows = new Map<string, ReplicaRow>();
  messages: SentMessage[] = [];
  broken = false;

  async beat(row: ReplicaRow): Promise<void> {
    if (this.broken) throw new Error("broken");
    this.rows.set(row.id, row);
  }
  async list(): Promise<readonly ReplicaRow[]> {
    return [...this.rows.values()];
  }
  async forget(id: string): Promise<void> {
    this.rows.delete(id);
  }
  async send(messages: readonly SentMessage[]): Promise<void> {
    if (this.broken) throw new Error("broken");
    this.messages.push(...messages);
  }
  async take(target: string): Promise<readonly string[]> {
    const taken = this.messages.filter((message) => message.target === target);
    this.messages = this.messages.filter((message) => message.target !== target);
    return taken.map(({ body }) => body);
  }
}

let board: MemoryBoard;
let clock: FakeClock;
let looks: number;
let ids = 0;
beforeEach(() => {
  board = new MemoryBoard();
  clock = new FakeClock();
  looks = 0;
});

/** A control plane that is never told of changes: it has to poll. */
async function start(id: string, options: Partial<ReplicaLinkOptions> = {}): Promise<ReplicaLink> {
  const link = new ReplicaLink({
    id,
    board,
    listen: () => Promise.reject(new Error("cannot listen")),
    clock,
    logger: silentLogger,
    uniqueId: () => String(++ids),
    ...options,
  });
  await link.start(async () => void looks++);
  return link;
}

/** Lets what runs in the background get as far as it can without time passing. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 50; turn++) await Promise.resolve();
}

async function pass(ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += replicaLimits.beatMs) {
    clock.advance(Math.min(replicaLimits.beatMs, ms - passed));
    await settle();
  }
}

describe("ReplicaLink", () => {
  it("looks with every sign of life when nobody tells it of changes", async () => {
    await start("a");
    await settle();
    const before = looks;
    await pass(3 * replicaLimits.beatMs);
    expect(looks).toBe(before + 3);
  });

  it("looks as soon as it is told of a change", async () => {
    let change = (): void => {};
    await start("a", {
      listen: async ({ onChange }) => {
        change = onChange;
        return { close: () => Promise.resolve() };
      },
    });
    await settle();
    const before = looks;
    change();
    change();
    await settle();
    expect(looks - before).toBeGreaterThanOrEqual(1);
    expect(looks - before).toBeLessThanOrEqual(2);
  });

  it("knows what others say of themselves, until they are silent for too long", async () => {
    const [a, b] = [await start("a"), await start("b")];
    b.publish({ nodes: ["n1"] });
    await settle();
    await pass(replicaLimits.beatMs);
    expect([...a.others()]).toEqual([["b", { nodes: ["n1"], followsLogs: false }]]);
    board.rows.set("ghost", { id: "ghost", beat: 7, facts: JSON.stringify({ nodes: ["n9"], followsLogs: false }) });
    await pass(replicaLimits.silenceMs - replicaLimits.beatMs);
    expect([...a.others().keys()].sort()).toEqual(["b", "ghost"]);
    await pass(2 * replicaLimits.beatMs);
    expect([...a.others().keys()]).toEqual(["b"]);
    expect(board.rows.has("ghost")).toBe(false);
  });

  it("delivers messages to whom they are for, and answers to who asked", async () => {
    const [a, b] = [await start("a"), await start("b")];
    await pass(replicaLimits.beatMs);
    const heard: string[] = [];
    b.onMessage("disconnect", ({ node }) => heard.push(node));
    a.onMessage("not-asked", ({ id }) => heard.push(id));
    a.send(["b"], { kind: "disconnect", node: "n1" });
    await pass(replicaLimits.beatMs);
    const id = questionId("a", "1");
    expect(b.answer(id, { kind: "not-asked", id, node: "n1" })).toBe(true);
    await pass(replicaLimits.beatMs);
    expect(heard).toEqual(["n1", id]);
    expect(b.answer(questionId("nobody", "1"), { kind: "not-asked", id, node: "n1" })).toBe(false);
    expect(b.answer("no such id", { kind: "not-asked", id, node: "n1" })).toBe(false);
    expect(askerOf(id)).toBe("a");
  });

  it("goes on when the board works again, and says again what was not said", async () => {
    const [a, b] = [await start("a"), await start("b")];
    board.broken = true;
    b.publish({ nodes: ["n1"] });
    b.send(["a"], { kind: "disconnect", node: "lost with the board" });
    await pass(2 * replicaLimits.beatMs);
    board.broken = false;
    await pass(2 * replicaLimits.beatMs);
    expect(a.others().get("b")?.nodes).toEqual(["n1"]);
  });

  it("says goodbye", async () => {
    const [a, b] = [await start("a"), await start("b")];
    await pass(replicaLimits.beatMs);
    await b.close();
    await pass(replicaLimits.beatMs);
    expect([...a.others()]).toEqual([]);
    expect(looks).toBeGreaterThan(0);
  });
});
