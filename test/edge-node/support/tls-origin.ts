/** An https origin for tests, with a certificate of `test/support/certificates`. */
import https from "node:https";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { chainOf, keyOf, type CertificateName } from "../../support/certificates.ts";

export interface TlsOrigin {
  readonly port: number;
  readonly requests: IncomingMessage[];
  /** The names that clients asked for (SNI), one for each handshake. */
  readonly names: (string | undefined)[];
  close(): Promise<void>;
}

export async function startTlsOrigin(
  certificate: CertificateName,
  handle: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<TlsOrigin> {
  const requests: IncomingMessage[] = [];
  const names: (string | undefined)[] = [];
  const server = https.createServer({ key: keyOf(certificate), cert: chainOf(certificate) }, (request, response) => {
    requests.push(request);
    handle(request, response);
  });
  server.on("secureConnection", (socket) => {
    const { servername } = socket as unknown as { readonly servername: string | false };
    names.push(servername === false ? undefined : servername);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    requests,
    names,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
