import { describe, expect, it } from "vitest";
import { ControlError } from "../../../edge-node/control/control-client.ts";
import { ResultSender } from "../../../edge-node/supervisor/result-sender.ts";
import type { InvokeResult } from "../../../sdk/desired-state.ts";

const result = (id: string): InvokeResult => ({ id, outcome: { kind: "continue" }, durationMs: 1, logs: [] });

/** Tries once; what fails is dropped, as a message is that was given up. */
const once = (attempt: (signal: AbortSignal) => Promise<void>): Promise<void> =>
  attempt(new AbortController().signal).catch(() => {});

describe("ResultSender", () => {
  it("tells results one by one when the control plane refuses their batch, so that only the broken one is lost", async () => {
    const taken: string[] = [];
    const posts: number[] = [];
    const sender = new ResultSender({
      post: async (results) => {
        posts.push(results.length);
        await Promise.resolve();
        if (results.some(({ id }) => id === "broken")) throw new ControlError("refused", { message: "400" });
        taken.push(...results.map(({ id }) => id));
      },
      retry: once,
    });
    await Promise.all(["first", "a", "broken", "b"].map((id) => sender.send(result(id))));
    expect(taken).toEqual(["first", "a", "b"]);
    expect(posts).toEqual([1, 3, 1, 1, 1]);
  });

  it("leaves other failures to who tries again", async () => {
    const failures: unknown[] = [];
    const sender = new ResultSender({
      post: () => Promise.reject(new ControlError("unreachable", { message: "no answer" })),
      retry: (attempt) => attempt(new AbortController().signal).catch((error: unknown) => void failures.push(error)),
    });
    await Promise.all(["a", "b", "c"].map((id) => sender.send(result(id))));
    expect(failures).toEqual([
      expect.objectContaining({ reason: "unreachable" }),
      expect.objectContaining({ reason: "unreachable" }),
    ]);
  });
});
