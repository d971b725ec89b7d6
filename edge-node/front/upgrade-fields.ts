/**
 * Whether a request asks for a WebSocket (RFC 6455 §4.2.1), and what the upgrade needs of it. A request that asks in another way than this node
 * understands (another version, a key that is none) is like any other: its function sees no `upgrade`.
 */
import type { UwsRequest, UwsSocketContext } from "../uws.ts";

export interface UpgradeFields {
  readonly key: string;
  /** As the client offers them, in its order. */
  readonly protocols: readonly string[];
  readonly context: UwsSocketContext;
}

const KEY = /^[A-Za-z0-9+/]{22}==$/;
const PROTOCOLS_MAX = 100;

/** Null: no upgrade. The request object is valid until the handler returns. */
export function readUpgrade(request: UwsRequest, context: UwsSocketContext): UpgradeFields | null {
  const key = request.getHeader("sec-websocket-key");
  const asks = members(request.getHeader("upgrade")).includes("websocket");
  const names = members(request.getHeader("connection")).includes("upgrade");
  if (!asks || !names || !KEY.test(key) || request.getHeader("sec-websocket-version") !== "13") return null;
  const offered: string[] = [];
  // A list may be spread over several lines.
  request.forEach((name, value) => {
    if (name === "sec-websocket-protocol") offered.push(...value.split(",").map((protocol) => protocol.trim()));
  });
  return { key, protocols: offered.filter((protocol) => protocol !== "").slice(0, PROTOCOLS_MAX), context };
}

function members(value: string): readonly string[] {
  return value.split(",").map((member) => member.trim().toLowerCase());
}
