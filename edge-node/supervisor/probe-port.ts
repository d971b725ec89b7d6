/**
 * Finds the port all fronts listen on, and whether it is free, before they do.
 *
 * Fronts share their port (SO_REUSEPORT), so the system would let a second node join in silently and take half of the first one's
 * connections; an exclusive probe finds that out. A shared port has to be named, so "any free port" is chosen here.
 */
import { createServer, type AddressInfo } from "node:net";

/** The port to listen on: `port`, or a free one for 0. Throws a message for the operator when the address cannot be had. */
export async function probePort({ host, port }: { readonly host: string; readonly port: number }): Promise<number> {
  const server = createServer();
  return await new Promise<number>((resolve, reject) => {
    server.once("error", (error) => {
      reject(new Error(`Cannot listen on ${host}:${port}: ${error.message}`, { cause: error }));
    });
    server.listen({ host, port, exclusive: true }, () => {
      const found = (server.address() as AddressInfo).port;
      server.close(() => resolve(found));
    });
  });
}
