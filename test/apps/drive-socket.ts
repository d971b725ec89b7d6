/** Carries out the WebSocket part of a scenario: opens one to the app's domain, sends, and holds what comes against what is expected. */
import { Agent, WebSocket } from "undici";
import { expect } from "vitest";
import type { SocketStep } from "./scenario.ts";

const ANSWER_MS_MAX = 15_000;

export interface SocketTarget {
  readonly domain: string;
  readonly edgeUrl: string;
  readonly path: string;
}

type Happening =
  | { readonly kind: "open"; readonly protocol: string }
  | { readonly kind: "message"; readonly data: unknown }
  | { readonly kind: "close"; readonly code: number; readonly reason: string };

/** @throws AssertionError when something else comes than expected, Error when nothing comes in time. */
export async function driveSocket(
  { domain, edgeUrl, path }: SocketTarget,
  { protocols, steps }: { readonly protocols: readonly string[]; readonly steps: readonly SocketStep[] },
): Promise<void> {
  // Every name is this machine, so that the handshake carries the app's domain.
  const connect = {
    lookup: (_name: string, _options: object, done: Found) => done(null, [{ address: "127.0.0.1", family: 4 }]),
  };
  const dispatcher = new Agent({ connect });
  const url = `ws://${domain}:${new URL(edgeUrl).port}${path}`;
  const socket = new WebSocket(url, { protocols: [...protocols], dispatcher });
  const next = happeningsOf(socket);
  try {
    expect(await next()).toMatchObject({ kind: "open" });
    for (const { sends, closes, receives, closed } of steps) {
      if (sends !== undefined) socket.send(sends);
      if (closes !== undefined) socket.close(closes);
      if (receives !== undefined) expect(await next()).toEqual({ kind: "message", data: receives });
      if (closed !== undefined) expect(await next()).toMatchObject({ kind: "close", code: closed });
    }
  } finally {
    socket.close();
    await dispatcher.destroy();
  }
}

type Found = (error: null, addresses: { address: string; family: number }[]) => void;

/** Gives what happens to the socket, one after the other, waiting for it. */
function happeningsOf(socket: WebSocket): () => Promise<Happening> {
  const happened: Happening[] = [];
  let wake = Promise.withResolvers<void>();
  const add = (happening: Happening): void => {
    happened.push(happening);
    wake.resolve();
    wake = Promise.withResolvers();
  };
  socket.addEventListener("open", () => {
    add({ kind: "open", protocol: socket.protocol });
  });
  socket.addEventListener("message", ({ data }: { readonly data: unknown }) => {
    add({ kind: "message", data });
  });
  socket.addEventListener("close", ({ code, reason }) => {
    add({ kind: "close", code, reason });
  });
  return async () => {
    const late = AbortSignal.timeout(ANSWER_MS_MAX);
    const tooLate = new Promise<never>((_resolve, reject) => {
      late.addEventListener("abort", () => {
        reject(new Error(`Nothing happened to the WebSocket within ${ANSWER_MS_MAX} ms`));
      });
    });
    for (;;) {
      const first = happened.shift();
      if (first !== undefined) return first;
      await Promise.race([wake.promise, tooLate]);
    }
  };
}
