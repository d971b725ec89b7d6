/**
 * The front's port for TLS: handshakes with the certificate that the server name asks for, then HTTP/2 or HTTP/1.1 as the client chose (ALPN).
 *
 * Node.js carries it and not uWebSockets.js, which has no HTTP/2 and takes keys only from files (DECISIONS.md). Invariants: a client that names
 * no host, or one that no certificate is for, gets no handshake; new certificates leave open connections alone.
 */
import type { Socket } from "node:net";
import tls, { type SecureContext, type TLSSocket } from "node:tls";
import { tlsLimits } from "../../sdk/cdn-limits.ts";
import type { Clock } from "../clock.ts";
import type { Logger } from "../logger.ts";
import { addressOctets, clientAddressOf } from "./client-address.ts";
import { networkOf, type ConnectionGate } from "./connection-gate.ts";
import { Http1Connections } from "./http1-connections.ts";
import { Http2Connections } from "./http2-connections.ts";
import type { RequestIntake } from "./request-intake.ts";
import { ServerCertificates, type ServingCertificate } from "./server-certificates.ts";
import { tlsOf } from "./tls-peer.ts";
import { TlsSockets } from "./tls-sockets.ts";

/** Since the front's start. */
export interface TlsCounts {
  readonly handshakes: number;
  readonly handshakeFailures: number;
  /** Of the handshakes, those that agreed on HTTP/2. */
  readonly http2Connections: number;
}

export interface TlsListenerOptions {
  readonly intake: RequestIntake;
  /** Says which connections may stay. */
  readonly gate: ConnectionGate;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Told of the server name of each handshake that there is a certificate for, before the handshake. */
  readonly onServerName: (serverName: string) => void;
}

type ContextReply = (error: Error | null, context?: SecureContext) => void;

export class TlsListener {
  readonly #logger: Logger;
  readonly #onServerName: TlsListenerOptions["onServerName"];
  readonly #certificates: ServerCertificates;
  readonly #sockets: TlsSockets;
  readonly #http1: Http1Connections;
  readonly #http2: Http2Connections;
  readonly #server: tls.Server;
  readonly #connections = new Set<TLSSocket>();
  readonly #counts = { handshakes: 0, handshakeFailures: 0, http2Connections: 0 };

  constructor(options: TlsListenerOptions) {
    this.#logger = options.logger;
    this.#onServerName = options.onServerName;
    this.#certificates = new ServerCertificates(options);
    this.#sockets = new TlsSockets(options);
    this.#http1 = new Http1Connections({ ...options, sockets: this.#sockets });
    this.#http2 = new Http2Connections({ ...options, sockets: this.#sockets });
    this.#server = tls.createServer({
      ALPNProtocols: ["h2", "http/1.1"],
      SNICallback: (serverName, reply) => this.#chooseContext(serverName, reply),
      minVersion: "TLSv1.2",
      handshakeTimeout: tlsLimits.handshakeMs,
      noDelay: true,
    });
    this.#server.maxConnections = tlsLimits.connectionsMax;
    this.#server.on("connection", (socket: Socket) => admit(options.gate, socket));
    this.#server.on("secureConnection", (socket) => this.#accept(socket));
    // A handshake that fails is the client's own business; the library ends it.
    this.#server.on("tlsClientError", (_error, socket) => {
      this.#counts.handshakeFailures++;
      socket.destroy();
    });
  }

  get counts(): TlsCounts {
    return this.#counts;
  }

  get socketsOpen(): number {
    return this.#sockets.size;
  }

  setCertificates(certificates: readonly ServingCertificate[]): void {
    this.#certificates.replace(certificates);
  }

  /** For tickets that are given out or come back from now on. */
  setTicketKey(key: string): void {
    this.#server.setTicketKeys(Buffer.from(key, "base64"));
  }

  /** Resolves with the port; several processes may listen on one where the system can do that. Rejects when it cannot be had. */
  listen({ host, port }: { readonly host: string; readonly port: number }): Promise<number> {
    return new Promise((resolve, reject) => {
      const refuse = (error: Error): void => reject(new Error(`Cannot listen on ${host}:${port}: ${error.message}`));
      this.#server.once("error", refuse);
      this.#server.listen({ host, port, reusePort: true }, () => {
        this.#server.off("error", refuse);
        const address = this.#server.address();
        resolve(typeof address === "object" && address !== null ? address.port : port);
      });
    });
  }

  /** Accepts no more connections and asks clients to leave. */
  drain(): void {
    this.#server.close();
    this.#sockets.closeAll();
    this.#http1.drain();
    this.#http2.drain();
  }

  close(): void {
    this.#server.close();
    // First of all: what ends in order would make answers look whole that are not.
    for (const socket of this.#connections) socket.destroy();
    this.#sockets.terminateAll();
    this.#http1.close();
    this.#http2.close();
  }

  #chooseContext(serverName: string, reply: ContextReply): void {
    const certificate = this.#certificates.find(serverName);
    // Without a context the handshake fails: the server has no certificate of its own.
    if (certificate === undefined) return reply(null);
    this.#onServerName(serverName);
    try {
      reply(null, this.#certificates.context(certificate));
    } catch (error) {
      this.#logger.error({ err: error, certificate: certificate.name }, "certificate.refused");
      reply(null);
    }
  }

  #accept(socket: TLSSocket): void {
    this.#counts.handshakes++;
    this.#connections.add(socket);
    socket.once("close", () => this.#connections.delete(socket));
    socket.on("error", () => {});
    const facts = tlsOf(socket);
    const domains = this.#certificates.find(facts.serverName)?.domains ?? [];
    const peer = { address: clientAddressOf(socket.remoteAddress ?? ""), domains, tls: facts };
    const isHttp2 = socket.alpnProtocol === "h2";
    if (isHttp2) this.#counts.http2Connections++;
    if (isHttp2) this.#http2.accept(socket, peer);
    else this.#http1.accept(socket, peer);
  }
}

/** Before the handshake, which costs more than anything that follows. */
function admit(gate: ConnectionGate, socket: Socket): void {
  const address = clientAddressOf(socket.remoteAddress ?? "");
  const network = networkOf(addressOctets(address));
  socket.once("close", () => gate.tlsClosed(network));
  if (!gate.tlsOpened({ network, address: () => address })) socket.destroy();
}
