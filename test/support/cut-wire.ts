/**
 * A TCP relay on loopback that can be cut: connections break then and no new one comes about, until it is mended. Muted, it drops what comes back:
 * what was asked for is done, and nobody learns of it.
 */
import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";

export class CutWire {
  readonly port: number;
  readonly #server: Server;
  readonly #sockets: Set<Socket>;
  readonly #state: WireState;

  private constructor(
    server: Server,
    { port, sockets, state }: { readonly port: number; readonly sockets: Set<Socket>; readonly state: WireState },
  ) {
    this.#server = server;
    this.port = port;
    this.#sockets = sockets;
    this.#state = state;
  }

  /** To a port of loopback. */
  static async to(target: number): Promise<CutWire> {
    const sockets = new Set<Socket>();
    const state: WireState = { isCut: false, isMuted: false };
    const server = createServer((near) => {
      if (state.isCut) {
        near.destroy();
        return;
      }
      const far = connect(target, "127.0.0.1");
      for (const socket of [near, far]) {
        sockets.add(socket);
        socket.once("close", () => {
          sockets.delete(socket);
          near.destroy();
          far.destroy();
        });
        // It is closed right after.
        socket.on("error", () => {});
      }
      near.pipe(far);
      far.on("data", (bytes: Buffer) => {
        if (!state.isMuted) near.write(bytes);
      });
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    const port = address !== null && typeof address === "object" ? address.port : 0;
    return new CutWire(server, { port, sockets, state });
  }

  /** Connections break, and no new one comes about. */
  cut(): void {
    this.#state.isCut = true;
    for (const socket of this.#sockets) socket.destroy();
  }

  /** Nothing comes back any more over the connections there are. */
  mute(): void {
    this.#state.isMuted = true;
  }

  mend(): void {
    this.#state.isCut = false;
    this.#state.isMuted = false;
  }

  async close(): Promise<void> {
    this.cut();
    this.#server.close();
    await once(this.#server, "close");
  }
}

interface WireState {
  isCut: boolean;
  isMuted: boolean;
}
