/**
 * Whether a request asks for a WebSocket (RFC 6455 §4.2.1), and what the upgrade needs of it. A request that asks in another way than this node
 * understands (another version, a key that is none) is like any other: its function sees no `upgrade`.
 */
import type { UwsRequest, UwsSocketContext } from "../uws.ts";
import type { HeadSource } from "./incoming-head.ts";

export interface OfferedUpgrade {
  readonly key: string;
  /** As the client offers them, in its order. */
  readonly protocols: readonly string[];
}

export interface UpgradeFields extends OfferedUpgrade {
  readonly context: UwsSocketContext;
}

const KEY = /^[A-Za-z0-9+/]{22}==$/;
const PROTOCOLS_MAX = 100;

/** Null: no upgrade. The request object is valid until the handler returns. */
export function readUpgrade(request: UwsRequest, context: UwsSocketContext): UpgradeFields | null {
  const offered = offeredUpgrade(request);
  return offered === null ? null : { ...offered, context };
}

/** Null: the head asks for no WebSocket. */
export function offeredUpgrade(head: Pick<HeadSource, "getCaseSensitiveMethod" | "forEach">): OfferedUpgrade | null {
  // Lists may be spread over several lines.
  const lists = { upgrade: "", connection: "", "sec-websocket-key": "", "sec-websocket-version": "" };
  const offered: string[] = [];
  head.forEach((name, value) => {
    if (name === "sec-websocket-protocol") offered.push(...value.split(",").map((protocol) => protocol.trim()));
    else if (Object.hasOwn(lists, name)) lists[name as keyof typeof lists] += `,${value}`;
  });
  const asks = members(lists.upgrade).includes("websocket") && members(lists.connection).includes("upgrade");
  const key = lists["sec-websocket-key"].slice(1);
  const isKnown = KEY.test(key) && lists["sec-websocket-version"] === ",13";
  if (head.getCaseSensitiveMethod() !== "GET" || !asks || !isKnown) return null;
  return { key, protocols: offered.filter((protocol) => protocol !== "").slice(0, PROTOCOLS_MAX) };
}

function members(value: string): readonly string[] {
  return value.split(",").map((member) => member.trim().toLowerCase());
}
