/** Claims about joining a client's socket with a function's end, with functions in this process. */
import { afterEach, expect, test } from "vitest";
import type { GuestSocket, SocketEnd } from "../../../runtime/socket.ts";
import { startEdge } from "../support/edge.ts";
import { Client } from "../support/socket-edge.ts";

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

/** A front whose function answers every upgrade with an end that greets and echoes; `onAttach` is called when it is joined. */
async function startGreeting(onAttach: () => void): Promise<number> {
  const edge = await startEdge({
    functions: {
      own: async () => {
        // An answer within the request's own turn of the event loop is corked by the library itself.
        await new Promise((resolve) => {
          setImmediate(resolve);
        });
        return { kind: "upgrade", headers: "", socket: greeting(onAttach) };
      },
    },
    rules: [{ phase: "fetch", function: "own" }],
  });
  closing.push(() => edge.close());
  return edge.port;
}

function greeting(onAttach: () => void): GuestSocket {
  let network: SocketEnd | null = null;
  return {
    attach: (end) => {
      network = end;
      onAttach();
      end.message("hello", () => {});
    },
    message: (message, taken) => {
      network?.message(message, taken);
      taken();
    },
    close: () => {},
  };
}

/**
 * Small blocks of native memory, filled with bits that mean "close, all is sent" where the library keeps the state of an HTTP answer. Not
 * smaller ones, which V8 keeps in its own heap; not cleared ones, which glibc takes from elsewhere than what was freed last.
 */
function takeFreedMemory(): readonly Buffer[] {
  const blocks: Buffer[] = [];
  for (let bytes = 72; bytes <= 256; bytes += 8) {
    for (let count = 0; count < 8; count += 1) blocks.push(Buffer.allocUnsafeSlow(bytes).fill(0xf7));
  }
  return blocks;
}

test("a socket outlives whatever this process does with memory that the upgrade gave back", async () => {
  const held: (readonly Buffer[])[] = [];
  const port = await startGreeting(() => void held.push(takeFreedMemory()));
  for (let round = 0; round < 20; round += 1) {
    const client = new Client(port, "/");
    expect(await client.sees(2)).toEqual(["open ", "hello"]);
    client.socket.send("there");
    expect(await client.sees(3)).toEqual(["open ", "hello", "there"]);
    client.socket.close(1000);
    expect(await client.closed()).toBe("close 1000  true");
  }
  expect(held).toHaveLength(20);
});
