/**
 * Whether an address is free to listen on, asked before the fronts do.
 *
 * Fronts share their port (SO_REUSEPORT), so the system would let a second node join in silently and take half of the first one's
 * connections; an exclusive probe finds that out.
 */
import { createServer } from "node:net";

/** Throws a message for the operator when the address cannot be listened on. Port 0 is always free. */
export async function probePort({ host, port }: { readonly host: string; readonly port: number }): Promise<void> {
  if (port === 0) return;
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error) => {
      reject(new Error(`Cannot listen on ${host}:${port}: ${error.message}`, { cause: error }));
    });
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve()));
  });
}
