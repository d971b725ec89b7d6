/** MessageChannel: two ports, each the other's end (https://html.spec.whatwg.org/#messagechannel). */
import { finishInterface } from "../../web/core/interface.ts";
import { createEntangledPorts, type MessagePort } from "./message-port.ts";

export class MessageChannel {
  readonly #ports: readonly [MessagePort, MessagePort] = createEntangledPorts();

  get port1(): MessagePort {
    return this.#ports[0];
  }

  get port2(): MessagePort {
    return this.#ports[1];
  }
}

finishInterface(MessageChannel, "MessageChannel", { shown: ["port1", "port2"] });
