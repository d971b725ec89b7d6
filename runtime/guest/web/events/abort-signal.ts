/**
 * AbortController and AbortSignal (https://dom.spec.whatwg.org/#aborting-ongoing-activities).
 *
 * Signals of `AbortSignal.any` are held weakly by their sources until somebody listens, so that a long-lived source does not
 * collect the signals of every request that ever followed it.
 */
import { DOMException } from "../core/dom-exception.ts";
import { finishInterface } from "../core/interface.ts";
import { isObject, requireArguments, sequenceOf, toEnforcedInteger } from "../core/webidl.ts";
import { hostPort } from "../../host-port.ts";
import { Event } from "./event.ts";
import {
  dispatchTrusted,
  EventTarget,
  HandlerAttribute,
  type EventListener,
  type ListenerOptions,
} from "./event-target.ts";

/** Proves that a constructor is called by this runtime. */
const internal: unique symbol = Symbol("internal");

interface Access {
  abort(signal: AbortSignal, reason: unknown): void;
  addAlgorithm(signal: AbortSignal, run: () => void): () => void;
  follow(sources: readonly AbortSignal[]): AbortSignal;
  has(value: object): boolean;
}
let access: Access;

export class AbortSignal extends EventTarget {
  #aborted = false;
  #reason: unknown = undefined;
  #onabort: HandlerAttribute | null = null;
  #algorithms: Set<() => void> | null = null;
  /** Signals that follow this one; `#kept` are those with listeners. */
  #followers: WeakRef<AbortSignal>[] | null = null;
  #kept: Set<AbortSignal> | null = null;
  #sources: readonly AbortSignal[] = noSources;
  #pruneAt = 16;

  constructor(token?: typeof internal) {
    super();
    if (token !== internal) throw new TypeError("Cannot create an AbortSignal: illegal constructor");
  }

  static abort(reason?: unknown): AbortSignal {
    const signal = new AbortSignal(internal);
    signal.#aborted = true;
    signal.#reason = reason === undefined ? abortError() : reason;
    return signal;
  }

  static timeout(...parameters: [delayMs: number]): AbortSignal {
    requireArguments(parameters.length, 1, "AbortSignal.timeout");
    const delayMs = toEnforcedInteger(parameters[0], "the delay of AbortSignal.timeout");
    const signal = new AbortSignal(internal);
    hostPort().startTimer(Math.min(delayMs, 2_147_483_647), () => {
      signal.#abort(new DOMException("The operation timed out", "TimeoutError"));
    });
    return signal;
  }

  static any(...parameters: [signals: Iterable<AbortSignal>]): AbortSignal {
    requireArguments(parameters.length, 1, "AbortSignal.any");
    const signals = isObject(parameters[0]) ? sequenceOf(parameters[0]) : null;
    if (signals === null || !signals.every(isAbortSignal)) {
      throw new TypeError("Cannot call AbortSignal.any: received something that is not a sequence of AbortSignals");
    }
    return access.follow(signals);
  }

  get aborted(): boolean {
    return this.#aborted;
  }

  get reason(): unknown {
    return this.#reason;
  }

  get onabort(): ((event: Event) => unknown) | null {
    return this.#onabort?.get() ?? null;
  }
  set onabort(value: ((event: Event) => unknown) | null) {
    this.#onabort ??= new HandlerAttribute(this, "abort");
    this.#onabort.set(value);
  }

  throwIfAborted(): void {
    if (this.#aborted) throw this.#reason;
  }

  override addEventListener(
    ...parameters: [type: string, callback: EventListener | null, options?: ListenerOptions | boolean]
  ): void {
    super.addEventListener(...parameters);
    this.#keep();
  }

  #keep(): void {
    for (const source of this.#sources) (source.#kept ??= new Set()).add(this);
  }

  #follow(sources: readonly AbortSignal[]): void {
    // Sources that follow others are replaced by those, so that chains stay flat.
    const roots = new Set(sources.flatMap((source) => (source.#sources.length > 0 ? source.#sources : [source])));
    this.#sources = [...roots];
    for (const source of roots) source.#addFollower(this);
  }

  #addFollower(signal: AbortSignal): void {
    this.#followers ??= [];
    this.#followers.push(new WeakRef(signal));
    if (this.#followers.length < this.#pruneAt) return;
    this.#followers = this.#followers.filter((follower) => follower.deref() !== undefined);
    this.#pruneAt = Math.max(16, this.#followers.length * 2);
  }

  #abort(reason: unknown): void {
    if (this.#aborted) return;
    this.#aborted = true;
    this.#reason = reason === undefined ? abortError() : reason;
    // Followers see the abort before any listener runs.
    const followers: AbortSignal[] = [];
    for (const reference of this.#followers ?? []) {
      const follower = reference.deref();
      if (follower === undefined || follower.#aborted) continue;
      follower.#aborted = true;
      follower.#reason = this.#reason;
      followers.push(follower);
    }
    this.#runAbortSteps();
    for (const follower of followers) follower.#runAbortSteps();
  }

  #runAbortSteps(): void {
    const algorithms = this.#algorithms;
    this.#algorithms = null;
    this.#followers = null;
    for (const source of this.#sources) source.#kept?.delete(this);
    for (const run of algorithms ?? []) run();
    dispatchTrusted(this, new Event("abort"));
  }

  static {
    access = {
      abort: (signal, reason) => signal.#abort(reason),
      addAlgorithm(signal, run) {
        (signal.#algorithms ??= new Set()).add(run);
        signal.#keep();
        return () => signal.#algorithms?.delete(run);
      },
      follow(sources) {
        const signal = new AbortSignal(internal);
        const aborted = sources.find((source) => source.#aborted);
        if (aborted === undefined) signal.#follow(sources);
        else {
          signal.#aborted = true;
          signal.#reason = aborted.#reason;
        }
        return signal;
      },
      has: (value) => #aborted in value,
    };
  }
}

export class AbortController {
  readonly #signal: AbortSignal = new AbortSignal(internal);

  get signal(): AbortSignal {
    return this.#signal;
  }

  abort(reason?: unknown): void {
    access.abort(this.#signal, reason);
  }
}

export function isAbortSignal(value: unknown): value is AbortSignal {
  return isObject(value) && access.has(value);
}

/** A signal that never aborts by itself, and what aborts it (default reason: an AbortError). */
export function createAbortSignal(): { readonly signal: AbortSignal; readonly abort: (reason?: unknown) => void } {
  const signal = new AbortSignal(internal);
  return { signal, abort: (reason) => access.abort(signal, reason) };
}

/** A signal that aborts when one of `sources` does. */
export function followSignals(sources: readonly AbortSignal[]): AbortSignal {
  return access.follow(sources);
}

/** Runs `run` when `signal` aborts, before its listeners. Returns what takes that back. */
export function onAbort(signal: AbortSignal, run: () => void): () => void {
  return access.addAlgorithm(signal, run);
}

const noSources: readonly AbortSignal[] = [];

function abortError(): DOMException {
  return new DOMException("This operation was aborted", "AbortError");
}

finishInterface(AbortSignal, "AbortSignal", { shown: ["aborted"] });
finishInterface(AbortController, "AbortController", { shown: ["signal"] });
