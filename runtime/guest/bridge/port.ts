/**
 * The host port over the bridge: timers, calls, random bytes, logs and fetch as frames or synchronous callbacks.
 * Random bytes are fetched in blocks, because a synchronous callback stops the isolate for a thread hop.
 */
import { int, text, type FrameReader } from "../../bridge/frame.ts";
import { fromGuest } from "../../bridge/protocol.ts";
import type { HostCallResult, HostPort, IncomingResponse, LogLevel, OutgoingRequest } from "../host-port.ts";
import type { AbortSignal } from "../web/events/abort-signal.ts";
import { errorFromHost } from "../web/core/host-error.ts";
import { callHost, type HostFunction } from "./call-host.ts";
import type { Outbox } from "./outbox.ts";

const randomBlockBytes = 4096;
interface Call {
  readonly resolve: (result: HostCallResult) => void;
  readonly reject: (reason: unknown) => void;
}

export interface PortWires {
  readonly outbox: Outbox;
  readonly bufferedBodyBytesMax: number;
  readonly randomBytes: (lengthBytes: number) => ArrayBuffer;
  readonly domainToAscii: (domain: string) => string;
  readonly compute: HostFunction<string>;
  readonly log: (level: LogLevel, message: string) => void;
  readonly holdInvocation: () => () => void;
  readonly fetch: (request: OutgoingRequest, signal: AbortSignal | null) => Promise<IncomingResponse>;
}

export class BridgePort implements HostPort {
  readonly #wires: PortWires;
  readonly #startedAt = Date.now();
  readonly #timers = new Map<number, () => void>();
  readonly #calls = new Map<number, Call>();
  #randomBlock = new ArrayBuffer(0);
  #randomUsed = 0;
  #nextTimer = 1;
  #nextCall = 1;

  constructor(wires: PortWires) {
    this.#wires = wires;
  }

  get bufferedBodyBytesMax(): number {
    return this.#wires.bufferedBodyBytesMax;
  }

  randomBytes(lengthBytes: number): ArrayBuffer {
    if (lengthBytes > randomBlockBytes) return this.#wires.randomBytes(lengthBytes);
    if (this.#randomUsed + lengthBytes > this.#randomBlock.byteLength) {
      this.#randomBlock = this.#wires.randomBytes(randomBlockBytes);
      this.#randomUsed = 0;
    }
    const bytes = this.#randomBlock.slice(this.#randomUsed, this.#randomUsed + lengthBytes);
    this.#randomUsed += lengthBytes;
    return bytes;
  }

  domainToAscii(domain: string): string {
    return this.#wires.domainToAscii(domain);
  }

  compute(request: string, buffers: readonly ArrayBuffer[]): string {
    return callHost(this.#wires.compute, request, buffers);
  }

  monotonicMs(): number {
    return Date.now() - this.#startedAt;
  }

  call(operation: string, json: string, buffers: readonly ArrayBuffer[]): Promise<HostCallResult> {
    return new Promise((resolve, reject) => {
      const id = this.#nextCall++;
      this.#calls.set(id, { resolve, reject });
      this.#wires.outbox.writeWithBuffers(fromGuest.call, int(id) + text(operation) + text(json), buffers);
    });
  }

  onCallDone(reader: FrameReader, buffers: readonly ArrayBuffer[]): void {
    const call = this.#takeCall(reader.int());
    call?.resolve({ json: reader.text(), buffers });
  }

  onCallFailed(reader: FrameReader): void {
    const call = this.#takeCall(reader.int());
    call?.reject(errorFromHost(reader.text(), reader.text()));
  }

  startTimer(delayMs: number, fire: () => void): number {
    const id = this.#nextTimer++;
    this.#timers.set(id, fire);
    this.#wires.outbox.write(fromGuest.startTimer, int(id) + int(delayMs));
    return id;
  }

  clearTimer(id: number): void {
    if (this.#timers.delete(id)) this.#wires.outbox.write(fromGuest.clearTimer, int(id));
  }

  onTimer(reader: FrameReader): void {
    const id = reader.int();
    const fire = this.#timers.get(id);
    this.#timers.delete(id);
    fire?.();
  }

  log(level: LogLevel, message: string): void {
    this.#wires.log(level, message);
  }

  holdInvocation(): () => void {
    return this.#wires.holdInvocation();
  }

  fetch(request: OutgoingRequest, signal: AbortSignal | null): Promise<IncomingResponse> {
    return this.#wires.fetch(request, signal);
  }

  #takeCall(id: number): Call | undefined {
    const call = this.#calls.get(id);
    this.#calls.delete(id);
    return call;
  }
}
