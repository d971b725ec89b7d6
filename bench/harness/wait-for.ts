/**
 * Waits with a deadline, for things that show themselves only by being asked again.
 *
 * Invariant: every wait ends at its deadline with an error that says what was seen last.
 */
import { setTimeout as delay } from "node:timers/promises";
import { sendRequest } from "./http-exchange.ts";
import type { ChildProcess } from "./child-process.ts";

export interface WaitOptions {
  readonly what: string;
  readonly deadlineMs: number;
  /** Pause between two looks, default 10 ms. */
  readonly everyMs?: number;
}

/**
 * Calls `look` until it gives a value; null means not yet.
 * @throws Error at the deadline, with the last error of `look` as its cause.
 */
export async function waitFor<T>(look: () => Promise<T | null>, options: WaitOptions): Promise<T> {
  const end = performance.now() + options.deadlineMs;
  let cause: unknown;
  do {
    try {
      const value = await look();
      if (value !== null) return value;
      cause = undefined;
    } catch (error) {
      cause = error;
    }
    await delay(options.everyMs ?? 10);
  } while (performance.now() < end);
  throw new Error(`Waited ${options.deadlineMs} ms in vain for ${options.what}`, { cause });
}

/**
 * Waits until a started process answers HTTP with 2xx.
 * @throws Error at the deadline or as soon as the process has ended, with what it printed.
 */
export async function waitForAnswer(
  child: ChildProcess,
  options: { readonly url: string; readonly host?: string; readonly deadlineMs: number },
): Promise<void> {
  const waiting = waitFor(
    async () => {
      if (child.exit !== null) return "ended" as const;
      const answer = await sendRequest({ url: options.url, ...(options.host ? { host: options.host } : {}) });
      return answer.status >= 200 && answer.status < 300 ? ("answered" as const) : null;
    },
    { what: `${child.name} at ${options.url}`, deadlineMs: options.deadlineMs },
  );
  const seen = await waiting.catch((error: unknown) => error as Error);
  if (seen === "answered") return;
  const why = seen === "ended" ? `${child.name} ended with ${JSON.stringify(child.exit)}` : seen.message;
  const options_ = seen === "ended" ? {} : { cause: seen };
  throw new Error(`${why}; it printed:\n${child.stdout}${child.stderr}`, options_);
}
