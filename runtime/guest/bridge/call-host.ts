/**
 * Calls a function of the host with buffers, of which it gets copies; a text among them is one as well, in UTF-8, which only the host makes of it.
 *
 * Invariant: no memory that is shared goes out, whatever user code put in the place of getters, setters and iterators: isolated-vm would share it with the
 * host, where it may outlive the isolate that it belongs to.
 */
import { isArrayBuffer } from "../web/encoding/buffer-source.ts";

export type GivenBuffer = ArrayBuffer | string;
export type HostFunction<Result> = (text: string, ...buffers: GivenBuffer[]) => Result;

const { apply } = Reflect;

/** @throws TypeError when one of the buffers is none. */
export function callHost<Result>(host: HostFunction<Result>, text: string, buffers: readonly GivenBuffer[]): Result {
  // Without a prototype, so that writing it runs no code of the user's.
  const parameters = { __proto__: null, length: buffers.length + 1, 0: text } as unknown as Record<number, unknown> & {
    readonly length: number;
  };
  for (let index = 0; index < buffers.length; index += 1) {
    const buffer = buffers[index];
    if (typeof buffer !== "string" && !isArrayBuffer(buffer))
      throw new TypeError("Cannot call the host: a buffer is not an ArrayBuffer");
    parameters[index + 1] = buffer;
  }
  return apply(host, undefined, parameters as never);
}
