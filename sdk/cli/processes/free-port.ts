/** Ports on loopback nobody listens on at the moment of asking. */
import { once } from "node:events";
import { createServer } from "node:net";

/** `wanted` when it is free, else a free one; 0 always takes a free one. */
export async function freePort(wanted: number): Promise<number> {
  if (wanted !== 0 && (await isPortFree(wanted))) return wanted;
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("Cannot find a free port: no address");
  return address.port;
}

/** Whether `port` can be listened on, on all addresses. */
export async function isPortFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    server.listen({ port, exclusive: true });
    await once(server, "listening");
  } catch {
    return false;
  }
  server.close();
  await once(server, "close");
  return true;
}
