/**
 * Finds the port all fronts listen on, and whether it is free, before they do.
 *
 * Fronts share their port (SO_REUSEPORT), so the system would let a second node join in silently and take half of the first one's
 * connections; an exclusive probe finds that out. A shared port has to be named, so "any free port" is chosen here. A node that is
 * started again right after a crash waits for the fronts of its predecessor to end.
 */
import { createServer, type AddressInfo } from "node:net";
import { delay, type Clock } from "../clock.ts";

export interface ProbeOptions {
  readonly clock: Clock;
  /** How long an address that is in use is asked again. */
  readonly patienceMs: number;
}

const AGAIN_MS = 50;

/** The port to listen on: `port`, or a free one for 0. Throws a message for the operator when the address cannot be had. */
export async function probePort(
  address: { readonly host: string; readonly port: number },
  { clock, patienceMs }: ProbeOptions,
): Promise<number> {
  const endMs = clock.monotonicMs() + patienceMs;
  for (;;) {
    try {
      return await probeOnce(address);
    } catch (error) {
      if (!isInUse(error) || clock.monotonicMs() >= endMs) {
        const reason = error instanceof Error ? error.message : String(error);
        throw new Error(`Cannot listen on ${address.host}:${address.port}: ${reason}`, { cause: error });
      }
      await delay(clock, { delayMs: AGAIN_MS, signal: new AbortController().signal });
    }
  }
}

function probeOnce({ host, port }: { readonly host: string; readonly port: number }): Promise<number> {
  const server = createServer();
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host, port, exclusive: true }, () => {
      const found = (server.address() as AddressInfo).port;
      server.close(() => resolve(found));
    });
  });
}

function isInUse(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "EADDRINUSE";
}
