/** Reads a body that its client does not get, for the cache that reads along: it keeps bodies of unknown length only when somebody wants them. */
import type { Body } from "../../runtime/body.ts";
import type { Clock } from "../clock.ts";

/** To the end, or until `timeoutMs` passed; then the body is given up. Never rejects: that it broke off is the cache's to know. */
export async function drainBody(
  body: Body,
  { clock, timeoutMs }: { readonly clock: Clock; readonly timeoutMs: number },
): Promise<void> {
  if (body.kind !== "stream") return;
  const iterator = body.chunks[Symbol.asyncIterator]();
  let isLate = false;
  const giveUp = async (): Promise<void> => {
    isLate = true;
    await iterator.return?.();
  };
  const cancel = clock.after(timeoutMs, () => void giveUp().catch(() => undefined));
  try {
    for (;;) {
      const { done } = await iterator.next();
      if (done === true || isLate) return;
    }
  } catch {
    return;
  } finally {
    cancel();
  }
}
