/**
 * MessagePort (https://html.spec.whatwg.org/#message-ports), both ends in one isolate.
 *
 * A message is cloned when it is posted and delivered as a task of its own, which is a timer of the host: at a module's top level there is none, so
 * a port that is enabled refuses messages there. Invariant: messages of a port arrive in the order they were posted, also across a transfer.
 */
import { loadPart } from "../load-part.ts";
import { hostPort } from "../../host-port.ts";
import { DOMException } from "../../web/core/dom-exception.ts";
import { finishInterface } from "../../web/core/interface.ts";
import { isObject, requireArguments, sequenceOf } from "../../web/core/webidl.ts";
import { Event } from "../../web/events/event.ts";
import { dispatchTrusted, EventTarget, HandlerAttribute } from "../../web/events/event-target.ts";
import { MessageEvent } from "../../web/events/message-event.ts";

const internal: unique symbol = Symbol("internal");

/** What a port is apart from its object: a transfer moves it to another one. */
interface PortState {
  other: MessagePort | null;
  readonly queue: { readonly data: unknown; readonly ports: readonly object[] }[];
  enabled: boolean;
}

type Handler = (event: Event) => unknown;
interface Access {
  has(value: object): boolean;
  entangle(a: MessagePort, b: MessagePort): void;
  isMoved(port: MessagePort): boolean;
  move(from: MessagePort, to: MessagePort): void;
}
let access: Access;

export class MessagePort extends EventTarget {
  /** Null once it was transferred or closed. */
  #state: PortState | null;
  #isDelivering = false;
  readonly #onmessage = new HandlerAttribute(this, "message");
  readonly #onmessageerror = new HandlerAttribute(this, "messageerror");
  readonly #onclose = new HandlerAttribute(this, "close");

  constructor(token?: typeof internal) {
    super();
    if (token !== internal) throw new TypeError("Cannot create a MessagePort: illegal constructor");
    this.#state = { other: null, queue: [], enabled: false };
  }

  /** Clones `message` and delivers it to the other end. `options` is a list of what to transfer, or `{ transfer }`. */
  postMessage(...parameters: [message: unknown, options?: Iterable<object> | { transfer?: Iterable<object> }]): void {
    requireArguments(parameters.length, 1, "MessagePort.postMessage");
    const listed = listOf(parameters[1]);
    if (listed.includes(this)) throw new DOMException("Cannot clone: a port cannot transfer itself", "DataCloneError");
    const target = this.#state?.other ?? null;
    const { copy, moved } = loadPart("structured-clone").cloneWithTransfer(parameters[0], listed);
    // Sent through itself, the other end is lost, and the message with it (https://html.spec.whatwg.org/#dom-messageport-postmessage).
    if (target === null || target.#state === null) return;
    target.#state.queue.push({ data: copy, ports: Object.freeze(moved.filter((object) => access.has(object))) });
    target.#deliver();
  }

  /** Lets messages through; those that came before are kept until then. */
  start(): void {
    if (this.#state === null) return;
    this.#state.enabled = true;
    this.#deliver();
  }

  /** Ends both ends; messages that are under way still arrive. */
  close(): void {
    const other = this.#state?.other ?? null;
    this.#state = null;
    if (other === null || other.#state === null) return;
    other.#state.other = null;
    hostPort().startTimer(0, () => dispatchTrusted(other, new Event("close")));
  }

  get onmessage(): Handler | null {
    return this.#onmessage.get();
  }
  set onmessage(value: Handler | null) {
    this.#onmessage.set(value);
    this.start();
  }

  get onmessageerror(): Handler | null {
    return this.#onmessageerror.get();
  }
  set onmessageerror(value: Handler | null) {
    this.#onmessageerror.set(value);
  }

  get onclose(): Handler | null {
    return this.#onclose.get();
  }
  set onclose(value: Handler | null) {
    this.#onclose.set(value);
  }

  /** One message a task, as long as there are some. */
  #deliver(): void {
    const state = this.#state;
    if (this.#isDelivering || state === null || !state.enabled || state.queue.length === 0) return;
    this.#isDelivering = true;
    hostPort().startTimer(0, () => {
      this.#isDelivering = false;
      const message = this.#state?.queue.shift();
      this.#deliver();
      if (message !== undefined) dispatchTrusted(this, new MessageEvent("message", message));
    });
  }

  static {
    access = {
      has: (value) => #state in value,
      entangle(a, b) {
        if (a.#state !== null) a.#state.other = b;
        if (b.#state !== null) b.#state.other = a;
      },
      isMoved: (port) => port.#state === null,
      move(from, to) {
        const state = from.#state;
        from.#state = null;
        to.#state = state;
        if (state === null) return;
        state.enabled = false;
        const { other } = state;
        if (other !== null && other.#state !== null) other.#state.other = to;
      },
    };
  }
}

/** Two ports that are each other's other end. */
export function createEntangledPorts(): [MessagePort, MessagePort] {
  const ports: [MessagePort, MessagePort] = [new MessagePort(internal), new MessagePort(internal)];
  access.entangle(...ports);
  return ports;
}

loadPart("structured-clone").addTransferableKind({
  has: (value) => access.has(value),
  refusal: (value) =>
    access.isMoved(value as MessagePort) ? "a MessagePort of transfer is closed or was transferred" : null,
  create: () => new MessagePort(internal),
  move: (from, to) => access.move(from as MessagePort, to as MessagePort),
});

function listOf(options: unknown): readonly unknown[] {
  if (isObject(options)) {
    const items = sequenceOf(options);
    if (items !== null) return items;
  }
  return loadPart("structured-clone").transferListOf(options, "MessagePort.postMessage");
}

finishInterface(MessagePort, "MessagePort", { shown: [] });
