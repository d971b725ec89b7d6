/**
 * The server library's application for the plain port: which of its events go where, and what an exception in one of them costs.
 *
 * Knows neither requests nor answers. Invariant: no listener lets an exception out.
 */
import type { Logger } from "../logger.ts";
import type { Uws, UwsApp, UwsRequest, UwsResponse, UwsSocketContext } from "../uws.ts";
import { admitPlain } from "./admit-plain.ts";
import type { ClientSockets } from "./client-sockets.ts";
import type { ConnectionGate } from "./connection-gate.ts";
import { contained } from "./contained.ts";
import { readUpgrade, type UpgradeFields } from "./upgrade-fields.ts";

export interface PlainAppOptions {
  readonly gate: ConnectionGate;
  readonly sockets: ClientSockets;
  readonly logger: Logger;
  /** Takes every request; `upgrade`: of one that asks for a WebSocket. The request object is valid until it returns. */
  readonly receive: (response: UwsResponse, request: UwsRequest, upgrade: UpgradeFields | null) => void;
}

export function createPlainApp(uws: Uws, { gate, sockets, logger, receive }: PlainAppOptions): UwsApp {
  const terms = { logger, lose: (response: UwsResponse) => void response.close() };
  const admit = contained<[UwsResponse, unknown]>(
    (response, change) => admitPlain(gate, { response, change: Number(change) }),
    terms,
  );
  const plain = contained<[UwsResponse, UwsRequest]>((response, request) => receive(response, request, null), terms);
  const upgrade = contained<[UwsResponse, UwsRequest, UwsSocketContext]>(
    (response, request, context) => receive(response, request, readUpgrade(request, context)),
    terms,
  );
  return uws.App().filter(admit).ws("/*", sockets.behavior(upgrade)).any("/*", plain);
}
