import { expect, it } from "vitest";
import { frame, int, text } from "../../runtime/bridge/frame.ts";
import { toFront } from "../../runtime/bridge/protocol.ts";
import { InvocationClient } from "../../runtime/client/invocation-client.ts";
import type { Link } from "../../runtime/link.ts";
import { invocationOf, quietHost, versionOf } from "./driver-fixtures.ts";

/** A client with one invocation (id 2) under way, and a way to speak as instance 1. */
function startOne(): {
  readonly outcome: Promise<unknown>;
  readonly say: (frames: string) => void;
  /** URLs that were asked for; nothing answers. */
  readonly fetches: readonly string[];
} {
  const fetches: string[] = [];
  const link: Link = { givesBuffers: false, send: () => {}, onBatch: () => {}, onClose: () => {}, close: () => {} };
  const client = new InvocationClient(link, { nowMs: () => 0, startTimer: () => () => {} });
  const version = versionOf("{}", {});
  void client.load(version);
  const { outcome } = client.invoke(invocationOf(version.key, {}), {
    ...quietHost([]),
    fetch: ({ url }) => {
      fetches.push(url);
      return new Promise(() => {});
    },
  });
  return {
    outcome,
    fetches,
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

it("an end before the outcome is ignored: whoever waits is told when the outcome comes", async () => {
  const { outcome, say } = startOne();
  say(frame("d", int(2)));
  say(frame("o", int(2) + int(1) + int(0)));
  expect(await outcome).toEqual({ kind: "continue" });
});

it("a stream whose number is used again breaks off instead of leaving its reader waiting", async () => {
  const { outcome, say } = startOne();
  const answer = int(2) + int(0) + int(2) + int(200) + text("") + int(3) + int(5);
  say(frame("o", answer));
  say(frame("s", int(1) + int(2) + int(0) + text("GET") + text("http://a/") + text("") + int(0) + int(3) + int(5)));
  expect(await outcome).toMatchObject({ kind: "failed", code: "FUNCTION_BODY_FAILED" });
});

it("a subrequest whose number is under way is not made", () => {
  const { fetches, say } = startOne();
  const subrequest = int(1) + int(2) + int(0) + text("GET") + text("http://a/") + text("") + int(0) + int(0);
  say(frame("s", subrequest) + frame("s", subrequest));
  expect(fetches).toEqual(["http://a/"]);
});
