/** The async iterator of `events.on()`: keeps events that nobody asked for yet, ends with `close` events, errors and signals. */
import type { EventEmitter } from "events/events.js";

export interface IteratorOptions {
  readonly signal?: AbortSignal;
  /** Events that end the iteration. */
  readonly close?: readonly string[];
}

interface Waiting {
  readonly resolve: (result: IteratorResult<unknown[]>) => void;
  readonly reject: (reason: unknown) => void;
}

export function createEventIterator(
  emitter: EventEmitter,
  name: string | symbol,
  options: IteratorOptions & { readonly abortError: (signal: AbortSignal) => Error },
): AsyncIterableIterator<unknown[]> {
  const { signal, close = [], abortError } = options;
  if (signal?.aborted === true) throw abortError(signal);
  const values: unknown[][] = [];
  const waiting: Waiting[] = [];
  let failure: { readonly reason: unknown } | null = null;
  let isOver = false;

  const stop = (): void => {
    isOver = true;
    emitter.off(name, onValue).off("error", onError);
    for (const event of close) emitter.off(event, onClose);
    signal?.removeEventListener("abort", onAbort);
    for (const next of waiting.splice(0)) next.resolve({ done: true, value: undefined });
  };
  const onValue = (...parameters: unknown[]): void => {
    const next = waiting.shift();
    if (next === undefined) values.push(parameters);
    else next.resolve({ done: false, value: parameters });
  };
  const onError = (reason: unknown): void => {
    const next = waiting.shift();
    if (next === undefined) failure = { reason };
    else next.reject(reason);
    stop();
  };
  const onClose = (): void => stop();
  const onAbort = (): void => {
    if (signal !== undefined) onError(abortError(signal));
  };
  emitter.on(name, onValue);
  if (name !== "error") emitter.on("error", onError);
  for (const event of close) emitter.on(event, onClose);
  signal?.addEventListener("abort", onAbort, { once: true });

  return {
    next: () => {
      const value = values.shift();
      if (value !== undefined) return Promise.resolve({ done: false, value });
      if (failure !== null) {
        const { reason } = failure;
        failure = null;
        return Promise.reject(reason);
      }
      if (isOver) return Promise.resolve({ done: true, value: undefined });
      return new Promise((resolve, reject) => {
        waiting.push({ resolve, reject });
      });
    },
    return: () => {
      stop();
      return Promise.resolve({ done: true, value: undefined });
    },
    throw: (reason: unknown) => {
      onError(reason);
      return Promise.resolve({ done: true, value: undefined });
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
