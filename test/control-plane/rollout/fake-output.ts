/** One connection's end in memory: keeps what it was sent, can be slow, can be closed. */
import type { LineOutput } from "../../../control-plane/rollout/line-output.ts";
import type { StreamMessage } from "../../../sdk/desired-state.ts";

export class FakeOutput implements LineOutput {
  readonly messages: StreamMessage[] = [];
  isSlow = false;
  closed = false;
  #drain: () => void = () => {};
  readonly #closeListeners: (() => void)[] = [];

  write(line: string): boolean {
    this.messages.push(JSON.parse(line) as StreamMessage);
    return !this.isSlow;
  }

  onDrain(listener: () => void): void {
    this.#drain = listener;
  }

  onClose(listener: () => void): void {
    this.#closeListeners.push(listener);
  }

  readonly close = (): void => {
    if (this.closed) return;
    this.closed = true;
    for (const listener of this.#closeListeners) listener();
  };

  drain(): void {
    this.isSlow = false;
    this.#drain();
  }

  /** `state 3`, `heartbeat 3`, `invoke a`, `purges 3`, `preheat id`. */
  get said(): string[] {
    return this.messages.map((message) => {
      switch (message.kind) {
        case "state":
          return `state ${String(message.state.revision)}`;
        case "heartbeat":
          return `heartbeat ${String(message.revision)}`;
        case "invoke":
          return `invoke ${message.function}`;
        case "calls":
          return `calls ${message.calls.map(({ id }) => id).join(",")}`;
        case "explain":
          return `explain ${message.id}`;
        case "purges":
          return `purges ${String(message.position.sequence)}`;
        case "preheat":
          return `preheat ${message.id}`;
      }
    });
  }
}

/** Lets what was started run until it waits for something else. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 50; turn++) await Promise.resolve();
}
