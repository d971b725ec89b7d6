/**
 * The other half of the process driver: an engine that serves one front over a byte stream. The process around it (edge-node/hosts)
 * gives it nothing else: no network, no disk, no environment.
 */
import type { Duplex } from "node:stream";
import { Engine } from "./engine.ts";
import type { InstanceFactoryOptions } from "./isolates/instance-factory.ts";
import { StreamLink } from "./stream-link.ts";

/** Serves until the stream ends. Resolves when spare isolates are ready. */
export function serveIsolateHost(stream: Duplex, options: InstanceFactoryOptions): Promise<void> {
  const link = new StreamLink(stream, options.environment);
  // A front is trusted: what fails at its words is wrong here, and this process says so as it ends.
  link.onClose = (failure) => {
    if (failure !== null) throw failure;
  };
  const engine = new Engine(link, { ...options, areTrusted: false });
  return engine.start();
}
