/**
 * Calls in the stream: accepted as one message that keeps the event, and changed by messages of another subject that each replace the one before,
 * if that is still the one the change was made for.
 *
 * Invariants: of two changes of one call at once, one is refused; what the index says is what was read or stored last.
 */
import { StoreError } from "../store-error.ts";
import type { NewCall } from "./call-queue.ts";
import { acceptedCall, decodeCall, encodeCall, type SharedCall } from "./shared-call.ts";
import type { KnownCall, SharedCallIndex } from "./shared-call-index.ts";
import type { NatsStreams, StoredMessage } from "./nats-streams.ts";

export class SharedCallRecords {
  readonly #streams: NatsStreams;
  readonly #index: SharedCallIndex;

  constructor({ streams, index }: { readonly streams: NatsStreams; readonly index: SharedCallIndex }) {
    this.#streams = streams;
    this.#index = index;
  }

  /** Takes what a message says. */
  follow(place: "call" | "state", { meta, sequence }: Omit<StoredMessage, "body">): void {
    this.#index.put({ call: decodeCall(meta, sequence), revision: place === "call" ? 0 : sequence });
  }

  /** False: there is a call with that id. */
  async create(call: NewCall, nowMs: number): Promise<boolean> {
    const accepted = acceptedCall(call, nowMs);
    const message = { meta: encodeCall(accepted), body: call.event, expected: 0 };
    const sequence = await this.#streams.put("call", call.id, message);
    if (sequence === null) return false;
    this.#index.put({ call: { ...accepted, sequence }, revision: 0 });
    return true;
  }

  /** Stores what became of a call; null: it was changed by others since `expected`. */
  async write(
    call: SharedCall,
    { expected, body }: { readonly expected: number; readonly body: string },
  ): Promise<KnownCall | null> {
    const message = { meta: encodeCall(call), body, expected };
    const revision = await this.#putState(call.id, message);
    if (revision === null) return null;
    const known = { call, revision };
    this.#index.put(known);
    return known;
  }

  /** As it is stored, with the body of what is to be sent about it; null: there is none. */
  async read(id: string): Promise<(KnownCall & { readonly body: string }) | null> {
    const state = await this.#streams.last("state", id);
    if (state !== null) {
      return { call: decodeCall(state.meta, state.sequence), revision: state.sequence, body: state.body };
    }
    const accepted = await this.#streams.last("call", id);
    if (accepted === null) return null;
    return { call: decodeCall(accepted.meta, accepted.sequence), revision: 0, body: "" };
  }

  /** The same, and the index has it from then on. */
  async refresh(id: string): Promise<(KnownCall & { readonly body: string }) | null> {
    const stored = await this.read(id);
    if (stored === null) this.#index.drop(id);
    else this.#index.restore(stored);
    return stored;
  }

  /** What a call was accepted with. */
  async event({ sequence }: SharedCall): Promise<string> {
    return (await this.#streams.at("call", sequence))?.body ?? "null";
  }

  /** Its event is not needed any more. */
  forgetEvent({ sequence }: SharedCall): Promise<void> {
    return this.#streams.remove("call", sequence);
  }

  /** Nothing is left of it. */
  async forget({ id, sequence, revision }: ReturnType<SharedCallIndex["outlived"]>[number]): Promise<void> {
    // In this order: without its state it would be taken for one that waits.
    await this.#streams.remove("call", sequence);
    await this.#streams.remove("state", revision);
    this.#index.drop(id);
  }

  /** Where there is no room for what became of a call, what is only kept to be shown makes some. */
  async #putState(id: string, message: Parameters<NatsStreams["put"]>[2]): Promise<number | null> {
    try {
      return await this.#streams.put("state", id, message);
    } catch (error) {
      if (!(error instanceof StoreError) || error.reason !== "full") throw error;
      const oldest = this.#index.oldestEnded();
      if (oldest.length === 0) throw error;
      await Promise.all(oldest.map((call) => this.forget(call)));
      return this.#streams.put("state", id, message);
    }
  }
}
