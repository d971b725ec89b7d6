/**
 * The front's half of the process driver: a `Driver` whose engine lives at the other end of a byte stream (an isolate host).
 * It does not start or stop that process; when the stream ends, everything under way fails with HOST_LOST.
 */
import type { Duplex } from "node:stream";
import { InvocationClient } from "./client/invocation-client.ts";
import type { RuntimeEnvironment } from "./runtime-environment.ts";
import { StreamLink } from "./stream-link.ts";

export class RemoteDriver extends InvocationClient {
  constructor(stream: Duplex, environment: Pick<RuntimeEnvironment, "afterTick" | "nowMs" | "startTimer">) {
    super(new StreamLink(stream, environment), environment);
  }
}
