/**
 * The host's half of CompressionStream and DecompressionStream: one HostCompression for each instance, which keeps its open codecs.
 *
 * Invariants: nothing from the guest is trusted; the number of open codecs, the bytes of one step and the steps at work are bounded
 * (sdk/limits.ts); a codec is gone at its end, at its failure, when the guest closes it and when the instance stops.
 */
import { compressionLimits } from "../../sdk/limits.ts";
import type { HostCallResult } from "../guest/host-port.ts";
import {
  codecDirections,
  compressionFormats,
  type WireProgress,
  type WireStep,
} from "../guest/compression-protocol.ts";
import { Codec } from "./codec.ts";
import { HostOperationError } from "./host-operation-error.ts";
import type { PoolUser } from "./thread-pool.ts";

export class HostCompression {
  readonly #codecs = new Map<number, Codec>();
  /** Codecs with a step under way, and whether the guest closed them meanwhile. */
  readonly #stepping = new Map<number, { isClosed: boolean }>();
  readonly #pool: PoolUser;
  #disposed = false;

  /** `pool` is the instance's to dispose. */
  constructor(pool: PoolUser) {
    this.#pool = pool;
  }

  /** Codecs open now. */
  get codecCount(): number {
    return this.#codecs.size;
  }

  /**
   * Performs `compression.step` or `compression.close`. The result's buffer belongs to the caller.
   * @throws HostOperationError always, whatever went wrong.
   */
  async call(operation: string, json: string, buffers: readonly ArrayBuffer[]): Promise<HostCallResult> {
    if (operation === "compression.close") {
      this.#close(codecNumber(parseObject(json)));
      return { json: "{}", buffers: [] };
    }
    if (operation !== "compression.step") throw refusal("There is no such compression operation");
    const step = parseStep(json);
    const [input] = buffers;
    if (input !== undefined && input.byteLength > compressionLimits.chunkBytesMax) {
      throw refusal(
        `Cannot compress: received ${input.byteLength} bytes, allowed 0..${compressionLimits.chunkBytesMax}`,
      );
    }
    if (this.#stepping.has(step.codec)) throw refusal("Cannot compress: a step of this codec is under way");
    const stepping = { isClosed: false };
    this.#stepping.set(step.codec, stepping);
    try {
      return await this.#pool.run(
        async () => {
          if (stepping.isClosed) throw refusal("Cannot compress: the codec was closed");
          return await this.#step(step, input === undefined ? null : new Uint8Array(input));
        },
        { lane: "compression", chargedMsMax: chargedMsMax(input?.byteLength ?? compressionLimits.chunkBytesMax) },
      );
    } finally {
      this.#stepping.delete(step.codec);
    }
  }

  /** The instance is over: nothing works any more. */
  dispose(): void {
    this.#disposed = true;
    for (const number of this.#codecs.keys()) this.#close(number);
  }

  async #step(step: WireStep, input: Uint8Array | null): Promise<HostCallResult> {
    const codec = this.#codecs.get(step.codec) ?? this.#open(step);
    try {
      const { output, state } = await codec.step(input, step);
      if (state === "ended") this.#close(step.codec);
      // A copy of its own: zlib's chunks share one buffer.
      return resultOf({ state }, output === null ? [] : [new Uint8Array(output).buffer]);
    } catch (error) {
      this.#close(step.codec);
      throw error instanceof HostOperationError ? error : refusal("The operation failed");
    }
  }

  #open({ codec: number, direction, format }: WireStep): Codec {
    if (this.#disposed) throw refusal("Cannot compress: the instance is stopping");
    if (this.#codecs.size >= compressionLimits.codecsMax) {
      throw new HostOperationError(
        "QuotaExceededError",
        `Cannot compress: ${compressionLimits.codecsMax} compression streams are open in this instance`,
      );
    }
    const codec = new Codec(direction, format);
    this.#codecs.set(number, codec);
    return codec;
  }

  #close(number: number): void {
    const stepping = this.#stepping.get(number);
    if (stepping !== undefined) stepping.isClosed = true;
    this.#codecs.get(number)?.dispose();
    this.#codecs.delete(number);
  }
}

/** What the slowest step with so many bytes takes, and a little for the step itself. */
function chargedMsMax(bytes: number): number {
  return 0.1 + bytes / 5_000;
}

function resultOf(progress: WireProgress, buffers: readonly ArrayBuffer[]): HostCallResult {
  return { json: JSON.stringify(progress), buffers };
}

function parseStep(json: string): WireStep {
  const value = parseObject(json);
  const direction = codecDirections.find((known) => known === value["direction"]);
  const format = compressionFormats.find((known) => known === value["format"]);
  if (direction === undefined || format === undefined) throw refusal("Cannot compress: there is no such format");
  return { codec: codecNumber(value), direction, format, isLast: value["isLast"] === true };
}

function codecNumber(value: Readonly<Record<string, unknown>>): number {
  const { codec } = value;
  if (typeof codec !== "number" || !Number.isSafeInteger(codec))
    throw refusal("Cannot compress: the codec has no number");
  return codec;
}

function parseObject(json: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(json);
    if (typeof value === "object" && value !== null) return value as Readonly<Record<string, unknown>>;
  } catch {
    // Said below.
  }
  throw refusal("Cannot compress: the parameters are not an object");
}

function refusal(message: string): HostOperationError {
  return new HostOperationError("TypeError", message);
}
