/**
 * The front's half of the process driver: a `Driver` whose engine lives at the other end of a byte stream (an isolate host).
 * It does not start or stop that process; when the stream ends, everything under way fails with HOST_LOST.
 */
import type { Duplex } from "node:stream";
import { InvocationClient } from "./client/invocation-client.ts";
import type { RuntimeEnvironment } from "./runtime-environment.ts";
import { StreamLink } from "./stream-link.ts";

export class RemoteDriver extends InvocationClient {
  readonly #stream: StreamLink;

  constructor(stream: Duplex, environment: Pick<RuntimeEnvironment, "afterTick" | "nowMs" | "startTimer">) {
    const link = new StreamLink(stream, environment);
    super(link, environment);
    this.#stream = link;
  }

  /** Signs of life of the engine's process so far: it is alive when there are more than before. A long message is many of them. */
  get heard(): number {
    return this.#stream.heard;
  }
}
