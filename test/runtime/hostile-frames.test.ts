import { expect, it } from "vitest";
import { frame, int, text } from "../../runtime/bridge/frame.ts";
import { toFront } from "../../runtime/bridge/protocol.ts";
import { InvocationClient } from "../../runtime/client/invocation-client.ts";
import type { Link } from "../../runtime/link.ts";
import { invocationOf, quietHost, versionOf } from "./driver-fixtures.ts";

/** A client with one invocation (id 2) under way, and a way to speak as instance 1. */
function startOne(): { readonly outcome: Promise<unknown>; readonly say: (frames: string) => void } {
  const link: Link = { givesBuffers: false, send: () => {}, onBatch: () => {}, onClose: () => {}, close: () => {} };
  const client = new InvocationClient(link, { nowMs: () => 0, startTimer: () => () => {} });
  const version = versionOf("{}", {});
  void client.load(version);
  const { outcome } = client.invoke(invocationOf(version.key, {}), quietHost([]));
  return {
    outcome,
    say: (frames) => {
      link.onBatch(frame(toFront.fromInstance, int(1) + frames), []);
    },
  };
}

it.each([
  ["kind missing", int(2) + int(1)],
  ["unknown kind", int(2) + int(1) + int(9)],
  ["text cut", int(2) + int(1) + int(2) + int(200) + int(99)],
  ["unknown body", int(2) + int(1) + int(2) + int(200) + text("") + int(77)],
])("an outcome frame that cannot be read (%s) fails the invocation and nothing else", async (_name, payload) => {
  const { outcome, say } = startOne();
  expect(() => say(frame("o", payload))).not.toThrow();
  expect(await outcome).toMatchObject({ kind: "failed", code: "FUNCTION_RESULT_INVALID" });
});

it.each(["l", "q", "k", "s", "a", "b", "e", "f", "d", "m", "n", "x"])(
  "a cut frame of kind %s is ignored, and what follows it is read",
  async (kind) => {
    const { outcome, say } = startOne();
    expect(() => say(frame(kind, "x") + frame("o", int(2) + int(1) + int(0)))).not.toThrow();
    expect(await outcome).toEqual({ kind: "continue" });
  },
);
