/**
 * What the host computes for one instance: its calls (HostPort.call) from frame to frame, and what they leave open on the host.
 * Invariants: every call gets one answer, unless the instance stops first; from then on none begins, and nothing is left open.
 */
import { frame, int, text, type FrameReader } from "../bridge/frame.ts";
import { toGuest } from "../bridge/protocol.ts";
import { HostCompression } from "../host-operations/compression.ts";
import { QuickCrypto } from "../host-operations/quick-crypto.ts";
import { HostSubtle } from "../host-operations/subtle.ts";
import type { PoolUser } from "../host-operations/thread-pool.ts";
import type { RuntimeEnvironment } from "../runtime-environment.ts";
import { moved } from "./guest-buffers.ts";
import type { Copy } from "./isolated-vm.ts";

const callsMax = 1_000;

type Reply = (raw: string, buffers: readonly Copy<ArrayBuffer>[]) => void;

export class GuestCalls {
  readonly #quickCrypto: QuickCrypto;
  readonly #subtle: HostSubtle;
  readonly #compression: HostCompression;
  readonly #pool: PoolUser;
  readonly #reply: Reply;
  #running = 0;
  #disposed = false;

  /** `pool` becomes this one's to dispose. */
  constructor({ webCrypto, pool }: Pick<RuntimeEnvironment, "webCrypto"> & { readonly pool: PoolUser }, reply: Reply) {
    this.#pool = pool;
    this.#subtle = new HostSubtle(webCrypto, pool);
    this.#compression = new HostCompression(pool);
    this.#quickCrypto = new QuickCrypto(this.#subtle);
    this.#reply = reply;
  }

  /** Calls without an answer yet. */
  get running(): number {
    return this.#running;
  }

  /** Whether the host's threads compute some of them now. */
  get isComputing(): boolean {
    return this.#pool.isComputing;
  }

  /** What the host computes at once, on the same keys. */
  compute(request: unknown, buffers: readonly unknown[]): string {
    return this.#quickCrypto.compute(request, buffers);
  }

  /** Performs the call that the reader stands at. */
  perform(reader: FrameReader, buffers: readonly Uint8Array<ArrayBuffer>[]): void {
    const id = reader.int();
    const operation = reader.text();
    const json = reader.text();
    if (this.#running >= callsMax) {
      this.#fail(id, { name: "QuotaExceededError", message: "Too many calls under way" });
      return;
    }
    this.#running += 1;
    const performer = operation.startsWith("compression.") ? this.#compression : this.#subtle;
    const result = performer.call(
      operation,
      json,
      buffers.map((bytes) => bytes.buffer),
    );
    result
      .then(
        ({ json: answer, buffers: own }) => {
          if (this.#disposed) return;
          const copies = own.map((buffer) => moved(buffer));
          this.#reply(frame(toGuest.callDone, int(id) + text(answer), copies.length), copies);
        },
        (error: unknown) => {
          this.#fail(id, error instanceof Error ? error : new Error("The operation failed"));
        },
      )
      .finally(() => {
        this.#running -= 1;
      });
  }

  /** The instance is over. */
  dispose(): void {
    this.#disposed = true;
    this.#pool.dispose();
    this.#compression.dispose();
    this.#subtle.dispose();
  }

  #fail(id: number, { name, message }: { readonly name: string; readonly message: string }): void {
    if (!this.#disposed) this.#reply(frame(toGuest.callFailed, int(id) + text(name) + text(message)), []);
  }
}
