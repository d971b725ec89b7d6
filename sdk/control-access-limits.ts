/** How often whom the control plane lets call; settings of `control-plane/config.ts` where they have a range. */

/** Who may call the control plane how often; beyond, 429 with Retry-After. Invocations and events come this way: the defaults are above what a machine of two cores can take. */
export const controlAccessLimits = {
  /** Requests of one address (IPv6: one /64 network) in one second, and in a burst. */
  requestsPerAddress: { default: 20_000, min: 1, max: 1_000_000 },
  /** Requests with one token in one second, and in a burst; nodes', which many share, have none. */
  requestsPerToken: { default: 10_000, min: 1, max: 1_000_000 },
  /** Wrong tokens from one address in one minute, and in a burst. */
  wrongTokensPerAddress: { default: 30, min: 1, max: 1_000_000 },
  /** Addresses, and tokens, that are remembered. */
  callersMax: 10_000,
  /**
   * Bytes of bodies of signed requests that are held while their signature is not checked yet, in the whole control plane: three of the largest
   * (72 MiB) and some small ones. Beyond, the address (IPv6: one /64 network) that holds most is answered 429.
   */
  unverifiedBytesMax: 268_435_456,
  /** When there is no room, a body that has been arriving for this long gives way to others of its own address, milliseconds. */
  unverifiedYieldMs: 10_000,
} as const;
