/** What a listener keeps of a TLS connection for the requests on it. */
import type { TLSSocket } from "node:tls";
import type { ClientTls } from "../../runtime/driver.ts";

export interface TlsPeer {
  readonly address: string;
  /** Names and patterns of the certificate the connection was made with. */
  readonly domains: readonly string[];
  readonly tls: ClientTls;
}

/** How a connection is secured; to be asked when its handshake is over. */
export function tlsOf(socket: TLSSocket): ClientTls {
  const version = socket.getProtocol() ?? "unknown";
  // Undefined once the connection is gone, whatever the types say.
  const cipher = (socket.getCipher() as { readonly standardName?: string } | undefined)?.standardName ?? "unknown";
  return { version, cipher, serverName: typeof socket.servername === "string" ? socket.servername : "" };
}
