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

/**
 * The protocols that an HTTP/2 stream offers which asks for a WebSocket (RFC 8441 §5); null: it asks for none, or in a way that is not understood.
 * `raw` has names and values in turns.
 */
export function offeredTunnel(raw: readonly string[]): readonly string[] | null {
  const fields = new Map<string, string>();
  for (let at = 0; at + 1 < raw.length; at += 2) {
    const [name = "", value = ""] = raw.slice(at, at + 2);
    const before = fields.get(name);
    fields.set(name, before === undefined ? value : `${before},${value}`);
  }
  const asks = fields.get(":method") === "CONNECT" && fields.get(":protocol") === "websocket";
  if (!asks || fields.get("sec-websocket-version") !== "13") return null;
  const offered = (fields.get("sec-websocket-protocol") ?? "").split(",").map((protocol) => protocol.trim());
  return offered.filter((protocol) => protocol !== "").slice(0, PROTOCOLS_MAX);
}

/** Whether the stream asks for a connection through this node, of whatever kind. */
export function asksForTunnel(raw: readonly string[]): boolean {
  return raw[raw.indexOf(":method") + 1] === "CONNECT";
}

function members(value: string): readonly string[] {
  return value.split(",").map((member) => member.trim().toLowerCase());
}
