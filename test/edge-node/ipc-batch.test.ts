import { describe, expect, it } from "vitest";
import { IpcBatch } from "../../edge-node/ipc-batch.ts";

function batch(): {
  readonly sent: (readonly number[])[];
  readonly send: (n: number) => Promise<void>;
  turn: () => void;
  error: Error | null;
} {
  const deferred: (() => void)[] = [];
  const made = {
    sent: [] as (readonly number[])[],
    error: null as Error | null,
    send: (message: number) => messages.send(message),
    turn: () => {
      for (const flush of deferred.splice(0)) flush();
    },
  };
  const messages = new IpcBatch<number>({
    send: (all, done) => {
      made.sent.push(all);
      done(made.error);
    },
    defer: (flush) => deferred.push(flush),
  });
  return made;
}

describe("IpcBatch", () => {
  it("sends what was given in one turn together, in order", async () => {
    const made = batch();
    const all = [made.send(1), made.send(2), made.send(3)];
    expect(made.sent).toEqual([]);
    made.turn();
    await Promise.all(all);
    const later = made.send(4);
    made.turn();
    await later;
    expect(made.sent).toEqual([[1, 2, 3], [4]]);
  });

  it("tells everybody whose message could not leave, and nobody else", async () => {
    const made = batch();
    made.error = new Error("the other is gone");
    const lost = [made.send(1), made.send(2)].map((left) => expect(left).rejects.toThrow("the other is gone"));
    made.turn();
    await Promise.all(lost);
    made.error = null;
    const left = made.send(3);
    made.turn();
    await left;
  });
});
