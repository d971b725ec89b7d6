/**
 * All WebSockets between a front and its clients: how they come to be, how many there may be, how they end with the front.
 *
 * Knows no pipeline: it is told which answer upgrades which request. Invariant: every socket that was opened is in the set until it is closed.
 */
import type { GuestSocket } from "../../runtime/socket.ts";
import { socketLimits } from "../../sdk/limits.ts";
import type { Logger } from "../logger.ts";
import type { ResponseMessage } from "../pipeline/exchange.ts";
import { getHeader } from "../../sdk/header-text.ts";
import type { UwsRequest, UwsResponse, UwsSocket, UwsSocketBehavior, UwsSocketContext } from "../uws.ts";
import { ClientSocket, type SocketData } from "./client-socket.ts";
import { contained } from "./contained.ts";
import { writeHead } from "./send-answer.ts";
import type { ServedRequest } from "./served-request.ts";
import type { UpgradeFields } from "./upgrade-fields.ts";

export class ClientSockets {
  readonly #logger: Logger;
  readonly #open = new Set<ClientSocket>();
  #isClosing = false;

  constructor({ logger }: { readonly logger: Logger }) {
    this.#logger = logger;
  }

  get size(): number {
    return this.#open.size;
  }

  /** What uWebSockets is to do; requests that may ask for an upgrade go to `receive`. */
  behavior(
    receive: (response: UwsResponse, request: UwsRequest, context: UwsSocketContext) => void,
  ): UwsSocketBehavior<SocketData> {
    const terms = { logger: this.#logger, lose: (socket: UwsSocket<SocketData>) => socket.close() };
    return {
      // A little beyond the limit there is an answer with a reason; far beyond it the library drops the connection before it holds the bytes.
      maxPayloadLength: 2 * socketLimits.messageBytesMax,
      maxBackpressure: 2 * socketLimits.sendBufferBytesMax,
      closeOnBackpressureLimit: true,
      idleTimeout: socketLimits.idleSeconds,
      sendPingsAutomatically: true,
      upgrade: receive,
      // As it is: it may not need memory.
      open: openSocket,
      message: contained<[UwsSocket<SocketData>, ArrayBuffer, boolean]>(
        (socket, message, isBinary) => socket.getUserData().client.received(message, isBinary),
        terms,
      ),
      drain: contained((socket) => socket.getUserData().client.drained(), terms),
      close: contained<[UwsSocket<SocketData>, number, ArrayBuffer]>(
        (socket, code, message) => {
          const { client } = socket.getUserData();
          this.#open.delete(client);
          client.closed(code, Buffer.from(message).toString());
        },
        // It is lost already.
        { logger: this.#logger, lose: () => {} },
      ),
    };
  }

  /**
   * Sends the 101 and joins the client with the function's end. A client that is gone already closes it.
   *
   * The library's `cork` looks after its callback whether the answer was its connection's last, and takes the new socket for the old one when both
   * have the same address: it reads that from memory which the upgrade gave back, and closes the socket if the wrong bits are there by now (repaired
   * upstream by uWebSockets #1929, in v20.79). So nothing that needs memory is done from the upgrade to the end of the callback. That is why this has
   * a turn of its own, too: otherwise the open handler's return may run what waits for the next tick. Without a cork the library warns each time.
   */
  async upgrade(
    served: ServedRequest,
    answer: ResponseMessage,
    { guest, fields }: { readonly guest: GuestSocket; readonly fields: UpgradeFields },
  ): Promise<void> {
    const client = new ClientSocket(guest);
    const data: SocketData = { client };
    const protocol = getHeader(answer.headers, "sec-websocket-protocol") ?? "";
    const headers = answer.headers.replace(HANDSHAKE_FIELDS, "");
    await new Promise<void>((resolve) => {
      setImmediate(resolve);
    });
    if (served.isOver) {
      guest.close({ code: 1006, reason: "", wasClean: false });
      return;
    }
    const { response } = served;
    // V8 compiles a function when it is first called, or called again after long, and that takes memory: not in the cork.
    openSocket(rehearsal(guest));
    response.cork(() => {
      writeHead(response, { ...answer, headers });
      served.ending();
      response.upgrade(data, fields.key, protocol, "", fields.context);
    });
    if (!client.isOpen) return;
    this.#open.add(client);
    client.join();
    if (this.#isClosing) client.leave(CLOSING_REASON);
  }

  /** Says good-bye to every client, and to those that are on their way. */
  closeAll(): void {
    this.#isClosing = true;
    for (const client of this.#open) client.leave(CLOSING_REASON);
  }
}

/** The open handler: runs within `upgrade`, where there is something not to do. */
function openSocket(socket: Pick<UwsSocket<SocketData>, "getUserData">): void {
  socket.getUserData().client.opened(socket as UwsSocket<SocketData>);
}

/** A socket that nobody has, for a call of the open handler that changes nothing. */
function rehearsal(guest: GuestSocket): Pick<UwsSocket<SocketData>, "getUserData"> {
  const data: SocketData = { client: new ClientSocket(guest) };
  return { getUserData: () => data };
}

const CLOSING_REASON = "The node is shutting down";
/** The library writes them. */
const HANDSHAKE_FIELDS = /^sec-websocket-[^\n]*\n/gm;
