/**
 * A new TCP or TLS connection to a place, read into a buffer that its reader brings along.
 *
 * Invariants: the address that is connected to passed the egress policy; over TLS nothing is sent before the certificate was judged.
 */
import net, { type LookupFunction, type OnReadOpts } from "node:net";
import tls, { type SecureContext } from "node:tls";
import { checkLiteral, type EgressGuard } from "./checked-lookup.ts";

export interface SocketPlace {
  /** Without the brackets of an IPv6 address. */
  readonly hostname: string;
  readonly port: number;
  /** Null: TCP alone. */
  readonly tls: TlsPlace | null;
  readonly egress: EgressWay;
}

/** How the addresses of a place are judged. */
export interface EgressWay {
  readonly guard: EgressGuard;
  /** Checks what it finds by that guard. */
  readonly lookup: LookupFunction;
}

export interface TlsPlace {
  /** The name that is asked for by SNI and must be proved; "": the host name's own address must be. */
  readonly serverName: string;
  readonly certificate: "checked" | "any";
  /** Undefined: Node's own. */
  readonly secureContext: SecureContext | undefined;
}

export interface SocketOptions {
  readonly onread: OnReadOpts;
  /** To resume, of the same place. */
  readonly session: Buffer | undefined;
}

/** Throws EgressDeniedError. */
export function openSocket(place: SocketPlace, { onread, session }: SocketOptions): net.Socket {
  const { hostname: host, port } = place;
  const { guard, lookup } = place.egress;
  checkLiteral(guard, host);
  const options = { host, port, lookup, onread, autoSelectFamily: true };
  return place.tls === null ? net.connect(options) : openSecurely(place.tls, { ...options, session });
}

const KEEP_ALIVE_PROBE_MS = 60_000;

/** What a socket needs that is connected. */
export function tuneSocket(socket: net.Socket): void {
  socket.setNoDelay(true);
  socket.setKeepAlive(true, KEEP_ALIVE_PROBE_MS);
}

function openSecurely(
  { serverName, certificate, secureContext }: TlsPlace,
  { session, ...options }: net.TcpNetConnectOpts & { readonly session: Buffer | undefined },
): net.Socket {
  // Its type knows only some of what goes on to net.connect.
  const passed: tls.ConnectionOptions = options;
  return tls.connect({
    ...passed,
    ALPNProtocols: ["http/1.1"],
    rejectUnauthorized: certificate === "checked",
    ...(serverName === "" ? {} : { servername: serverName }),
    ...(secureContext === undefined ? {} : { secureContext }),
    ...(session === undefined ? {} : { session }),
  });
}
