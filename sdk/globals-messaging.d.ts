/* oxlint-disable typescript/no-explicit-any -- declarations follow the standards: data is whatever was sent */
/** Messages between two ports of one instance. See globals.d.ts. */

interface MessageEventInit<T = unknown> extends EventInit {
  data?: T;
  origin?: string;
  lastEventId?: string;
  source?: MessagePort | null;
  ports?: MessagePort[];
}

declare class MessageEvent<T = any> extends Event {
  constructor(type: string, init?: MessageEventInit<T>);
  readonly data: T;
  readonly origin: string;
  readonly lastEventId: string;
  readonly source: MessagePort | null;
  readonly ports: readonly MessagePort[];
}

declare class MessagePort extends EventTarget {
  private constructor();
  onmessage: ((event: MessageEvent) => void) | null;
  onmessageerror: ((event: MessageEvent) => void) | null;
  onclose: ((event: Event) => void) | null;
  postMessage(
    message: unknown,
    options?: Iterable<ArrayBuffer | MessagePort> | { transfer?: Iterable<ArrayBuffer | MessagePort> },
  ): void;
  start(): void;
  close(): void;
}

declare class MessageChannel {
  constructor();
  readonly port1: MessagePort;
  readonly port2: MessagePort;
}
