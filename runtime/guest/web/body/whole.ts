/** All bytes of a body. */
/** Bytes on their way through a promise: its own `then` keeps an inherited one from being asked. */
export interface Whole {
  readonly then: undefined;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

export function wholeOf(bytes: Uint8Array<ArrayBuffer>): Whole {
  // eslint-disable-next-line unicorn/no-thenable -- it is not one: that is what the member is for
  return { then: undefined, bytes };
}
