/**
 * A listener whose exceptions cost the one connection: whatever a listener of a server or a socket throws would end its process, and with it
 * everybody else's requests.
 *
 * Knows neither servers nor sockets: how a connection is ended is said by whoever listens. Invariant: what it returns never throws.
 */
import type { Logger } from "../logger.ts";

export interface ContainedOptions<Given extends readonly unknown[]> {
  readonly logger: Logger;
  /** Ends the connection that the listener was told of. */
  readonly lose: (...given: Given) => void;
}

export function contained<Given extends readonly unknown[]>(
  listener: (...given: Given) => void,
  { logger, lose }: ContainedOptions<Given>,
): (...given: Given) => void {
  return (...given) => {
    try {
      listener(...given);
    } catch (error) {
      logger.error({ err: error }, "listener.failed");
      try {
        lose(...given);
      } catch (lossError) {
        // Most likely it is over: the server library lets nobody touch such a one.
        logger.error({ err: lossError }, "connection.not-closed");
      }
    }
  };
}
