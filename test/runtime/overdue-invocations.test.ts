/** The front answers in the place of an engine that is stuck, and forgets nothing of what comes of it later. */
import { describe, expect, it } from "vitest";
import { frame, FrameReader, int, text } from "../../runtime/bridge/frame.ts";
import { toEngine, toFront, toGuest } from "../../runtime/bridge/protocol.ts";
import { InvocationClient } from "../../runtime/client/invocation-client.ts";
import type { Link } from "../../runtime/link.ts";
import { invocationOf, quietHost, versionOf } from "./driver-fixtures.ts";

const wallMs = 2_000;

function startOne(): {
  readonly client: InvocationClient;
  readonly outcome: Promise<unknown>;
  readonly say: (frames: string) => void;
  /** Of the frames that were sent; of those to the guest, the guest's. */
  readonly kinds: string[];
} {
  const kinds: string[] = [];
  const link: Link = {
    givesBuffers: false,
    send: (raw) => {
      const reader = new FrameReader(raw);
      while (reader.next()) {
        const isForGuest = reader.kind === toEngine.toInstance && reader.int() === 1;
        kinds.push(isForGuest ? `to the guest: ${reader.rest().charAt(0)}` : reader.kind);
      }
    },
    onBatch: () => {},
    onClose: () => {},
    close: () => {},
  };
  const client = new InvocationClient(link, { nowMs: () => 0, startTimer: () => () => {} });
  const version = versionOf("{}", { fetchWallMs: wallMs });
  void client.load(version);
  const { outcome } = client.invoke(invocationOf(version.key, {}), quietHost([]));
  const say = (frames: string): void => {
    link.onBatch(frame(toFront.fromInstance, int(1) + frames), []);
  };
  return { client, outcome, say, kinds };
}

describe("failOverdue()", () => {
  it("leaves to the engine what it may still answer, and fails what it cannot, once", async () => {
    const { client, outcome, kinds } = startOne();
    expect(client.failOverdue(wallMs + 249)).toBe(0);
    expect(client.failOverdue(wallMs + 250)).toBe(1);
    expect(await outcome).toMatchObject({ kind: "failed", code: "FUNCTION_WALL_LIMIT" });
    expect(client.failOverdue(wallMs + 10_000)).toBe(0);
    expect(kinds.at(-1)).toBe(toEngine.cancel);
  });

  it("the invocation counts as running until the engine says that it ended", () => {
    const { client, say } = startOne();
    client.failOverdue(wallMs + 250);
    expect(client.active).toBe(1);
    say(frame("o", int(2) + int(1) + int(0)));
    expect(client.active).toBe(0);
  });

  it("a stream that is answered with afterwards is stopped", () => {
    const { client, say, kinds } = startOne();
    client.failOverdue(wallMs + 250);
    const before = kinds.length;
    // A response with a stream that the guest calls 5.
    say(frame("o", int(2) + int(0) + int(2) + int(200) + text("") + int(3) + int(5)));
    expect(kinds.slice(before)).toEqual([`to the guest: ${toGuest.stop}`]);
  });
});
