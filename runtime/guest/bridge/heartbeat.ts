/**
 * Asks the author's `heartbeat` whether the instance is well, when the engine wants to know, and tells what came of it.
 *
 * An answer of `false`, a throw and a rejection are misses, anything else is none; how long it may take is the engine's to count. Invariant: at most one
 * answer for each question, and never a throw into the host.
 */
import { heartbeatLimits } from "../../../sdk/instance-limits.ts";
import { int, text } from "../../bridge/frame.ts";
import { fromGuest } from "../../bridge/protocol.ts";
import type { Outbox } from "./outbox.ts";
import { oneLine } from "./outgoing-sizes.ts";
import { describeThrown } from "./thrown.ts";

const promiseThen = Promise.prototype.then;
const promiseResolve = Promise.resolve.bind(Promise);

/** `heartbeat`: null where the module has none, which is always well. */
export function answerHeartbeat(
  number: number,
  { heartbeat, outbox }: { readonly heartbeat: (() => unknown) | null; readonly outbox: Outbox },
): void {
  const tell = (reason: string): void => {
    const shown = oneLine(reason).slice(0, heartbeatLimits.reasonCharsMax);
    outbox.write(fromGuest.heartbeat, int(number) + int(reason === "" ? 1 : 0) + text(shown));
  };
  const threw = (error: unknown): void => {
    tell(`it threw ${describeThrown(error)}`);
  };
  try {
    const answer = heartbeat === null ? true : heartbeat();
    if (typeof answer === "boolean" || answer === undefined) {
      tell(answer === false ? answeredFalse : "");
      return;
    }
    void promiseThen.call(
      promiseResolve(answer),
      (value: unknown) => {
        tell(value === false ? answeredFalse : "");
      },
      threw,
    );
  } catch (error) {
    threw(error);
  }
}

const answeredFalse = "it answered false";
