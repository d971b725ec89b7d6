/** A call queue that a contract suite opens, closes and opens again. */
import type { CallQueue, LeaseRoom } from "../../../control-plane/calls/call-queue.ts";
import { endless } from "./new-call.ts";
import { QueueClock } from "./queue-clock.ts";

export interface QueuePlace {
  open(clock: QueueClock): Promise<CallQueue>;
  remove(): Promise<void>;
}

export class QueueUnderTest {
  readonly #makePlace: () => Promise<QueuePlace>;
  #place: QueuePlace | null = null;
  #queue: CallQueue | null = null;
  clock: QueueClock = new QueueClock();

  constructor(makePlace: () => Promise<QueuePlace>) {
    this.#makePlace = makePlace;
  }

  get queue(): CallQueue {
    if (this.#queue === null) throw new Error("the queue is not open");
    return this.#queue;
  }

  async start(): Promise<void> {
    this.#place = await this.#makePlace();
    this.clock = new QueueClock();
    this.#queue = await this.#place.open(this.clock);
  }

  async stop(): Promise<void> {
    await this.queue.close();
    await this.#place?.remove();
  }

  /** With another clock when given. */
  async reopen(clock: QueueClock = this.clock): Promise<void> {
    await this.queue.close();
    this.clock = clock;
    this.#queue = (await this.#place?.open(clock)) ?? null;
  }

  async leaseIds(max = 100, room: LeaseRoom = endless): Promise<readonly string[]> {
    return (await this.queue.lease({ max, room })).map(({ id }) => id);
  }

  async stateOf(id: string): Promise<string | undefined> {
    return (await this.queue.get(id))?.state;
  }
}
