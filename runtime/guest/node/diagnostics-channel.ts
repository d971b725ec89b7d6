/** `node:diagnostics_channel`: named channels inside one instance. `tracingChannel` does not exist. */
import { invalidArgument, requireFunction } from "./node-error.ts";

type ChannelName = string | symbol;
type Subscriber = (message: unknown, name: ChannelName) => void;

interface Store {
  run(value: unknown, action: () => unknown): unknown;
}

class Channel {
  readonly name: ChannelName;
  #subscribers: readonly Subscriber[] = [];
  readonly #stores = new Map<Store, (message: unknown) => unknown>();

  constructor(name: ChannelName) {
    this.name = name;
  }

  get hasSubscribers(): boolean {
    return this.#subscribers.length > 0 || this.#stores.size > 0;
  }

  subscribe(subscriber: Subscriber): void {
    requireFunction("subscription", subscriber);
    this.#subscribers = [...this.#subscribers, subscriber];
  }

  unsubscribe(subscriber: Subscriber): boolean {
    const at = this.#subscribers.indexOf(subscriber);
    if (at < 0) return false;
    this.#subscribers = this.#subscribers.toSpliced(at, 1);
    return true;
  }

  /** What a subscriber throws is reported and keeps nobody else from hearing. */
  publish(message: unknown): void {
    for (const subscriber of this.#subscribers) {
      try {
        subscriber(message, this.name);
      } catch (error) {
        reportError(error);
      }
    }
  }

  bindStore(store: Store, transform: (message: unknown) => unknown = (message) => message): void {
    this.#stores.set(store, transform);
  }

  unbindStore(store: Store): boolean {
    return this.#stores.delete(store);
  }

  runStores(
    message: unknown,
    action: (...values: unknown[]) => unknown,
    thisArg?: unknown,
    ...values: unknown[]
  ): unknown {
    let run = (): unknown => {
      this.publish(message);
      return Reflect.apply(action, thisArg, values);
    };
    for (const [store, transform] of this.#stores) {
      const inner = run;
      run = () => store.run(transform(message), inner);
    }
    return run();
  }
}

const channels = new Map<ChannelName, Channel>();

function channel(name: ChannelName): Channel {
  if (typeof name !== "string" && typeof name !== "symbol")
    throw invalidArgument("channel", "of type string or symbol", name);
  let found = channels.get(name);
  if (found === undefined) {
    found = new Channel(name);
    channels.set(name, found);
  }
  return found;
}

function hasSubscribers(name: ChannelName): boolean {
  return channels.get(name)?.hasSubscribers ?? false;
}

function subscribe(name: ChannelName, subscriber: Subscriber): void {
  channel(name).subscribe(subscriber);
}

function unsubscribe(name: ChannelName, subscriber: Subscriber): boolean {
  return channel(name).unsubscribe(subscriber);
}

const exported: Readonly<Record<string, unknown>> = { Channel, channel, hasSubscribers, subscribe, unsubscribe };
export { Channel, channel, hasSubscribers, subscribe, unsubscribe };
export default exported;
