/** Gives up a body that nobody will read, so that its source can let go. */
import type { Body } from "../../runtime/body.ts";

export async function discardBody(body: Body): Promise<void> {
  if (body.kind === "stream") await body.chunks[Symbol.asyncIterator]().return?.();
}
