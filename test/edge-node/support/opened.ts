/** Starts edges and origins for one test and closes them after it, the last first. */
import { afterEach } from "vitest";
import { startEdge, type Edge, type EdgeOptions } from "./edge.ts";
import { startOrigin, startRawOrigin, type Origin, type RawOrigin } from "./origin.ts";

export interface Opened {
  readonly edge: (options?: EdgeOptions) => Promise<Edge>;
  readonly origin: (handle: Parameters<typeof startOrigin>[0]) => Promise<Origin>;
  /** Anything else that has to be closed. */
  readonly keep: <T extends { close(): Promise<void> }>(starting: Promise<T>) => Promise<T>;
  readonly rawOrigin: (answer: Parameters<typeof startRawOrigin>[0]) => Promise<RawOrigin>;
}

/** To be called once at the top of a test file. */
export function opensThings(): Opened {
  const open: { close(): Promise<void> }[] = [];
  afterEach(async () => {
    for (const one of open.splice(0).toReversed()) await one.close();
  });
  const keep = async <T extends { close(): Promise<void> }>(starting: Promise<T>): Promise<T> => {
    const started = await starting;
    open.push(started);
    return started;
  };
  return {
    keep,
    edge: (options = {}) => keep(startEdge(options)),
    origin: (handle) => keep(startOrigin(handle)),
    rawOrigin: (answer) => keep(startRawOrigin(answer)),
  };
}
