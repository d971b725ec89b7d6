/**
 * The connection to NATS and the streams of JetStream that a shared call queue is kept in. The door to the NATS packages.
 *
 * Knows subjects, headers and bytes, nothing of calls: two streams keep the last message of each subject (`put` compares and sets), a third all
 * messages of each queue. Invariants: what resolved is stored on as many servers as the streams have replicas; nothing is sent while there is no
 * connection, so that nothing is stored later than its caller believes; every error is a StoreError.
 */
import { jetstream, jetstreamManager, type JetStreamClient, type JetStreamManager } from "@nats-io/jetstream";
import { headers, type NatsConnection } from "@nats-io/transport-node";
import type { CancelTimer, Clock } from "../clock.ts";
import type { Logger } from "../logger.ts";
import { StoreError } from "../store-error.ts";
import {
  connectToNats,
  natsReasonOf,
  prepareStreams,
  streamNames,
  type NatsSettings,
  type Outcome,
} from "./nats-setup.ts";

/** A message as it is stored. */
export interface StoredMessage {
  readonly sequence: number;
  /** What was given as `meta`. */
  readonly meta: string;
  readonly body: string;
}

/** What is kept where: events of calls in a stream of their own, so that one that is full of them still takes what becomes of calls. */
export type Place = "call" | "state" | "holder";

/** What a watch tells. Synchronous; messages of one subject come in order. */
export interface StreamListener {
  /** The body is not read. */
  message(place: Place, named: { readonly id: string; readonly message: Omit<StoredMessage, "body"> }): void;
  /** There was no connection for a while; what was missed has come. */
  resumed(): void;
}

export interface NatsStreamsOptions extends NatsSettings {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Without an answer for this long it is not known what was stored, milliseconds. Default 5,000. */
  readonly answerMs?: number;
}

const metaHeader = "Selvage";
/** A watch that hears nothing asks whether there is anything to hear. */
const lookMs = 250;
const answerMsDefault = 5_000;

export class NatsStreams {
  readonly #connection: NatsConnection;
  readonly #stream: JetStreamClient;
  readonly #admin: JetStreamManager;
  readonly #options: NatsStreamsOptions;
  #connected = true;
  #closed = false;
  #listener: StreamListener | null = null;
  #watches: readonly Watch[] = [];
  #cancelResume: CancelTimer = () => {};

  private constructor(
    connection: NatsConnection,
    { admin, options }: { readonly admin: JetStreamManager; readonly options: NatsStreamsOptions },
  ) {
    this.#connection = connection;
    this.#admin = admin;
    this.#stream = jetstream(connection, { timeout: options.answerMs ?? answerMsDefault });
    this.#options = options;
    void this.#followConnection();
  }

  /** Makes the streams where there are none. The caller closes it. @throws Error that says what is wrong with the settings or with NATS. */
  static async open(options: NatsStreamsOptions): Promise<NatsStreams> {
    const connection = await connectToNats(options);
    try {
      const admin = await jetstreamManager(connection, { timeout: options.answerMs ?? answerMsDefault });
      await prepareStreams(admin, { settings: options, bytesMax: connection.info?.max_payload ?? 0 });
      return new NatsStreams(connection, { admin, options });
    } catch (error) {
      await connection.close();
      const reason = error instanceof Error ? error.message : String(error);
      throw new Error(`Cannot use JetStream: ${reason}: received ${options.address.servers.join(",")}`, {
        cause: error,
      });
    }
  }

  /** False: everything would be refused with `unavailable`. */
  get connected(): boolean {
    return this.#connected && !this.#closed;
  }

  /** Its sequence; null: the last message under that name is not `expected` (0: there is none). Without `expected` it is stored in any case. */
  async put(
    place: Place,
    id: string,
    { meta, body, expected }: { readonly meta: string; readonly body: string; readonly expected?: number },
  ): Promise<number | null> {
    const expect = expected === undefined ? {} : { expect: { lastSubjectSequence: expected } };
    const outcome = await this.#ask("conflict", () =>
      this.#stream.publish(this.#subject(place, id), body, { headers: headersOf(meta), ...expect }),
    );
    return outcome?.seq ?? null;
  }

  /** The last message under a name, as the stream's leader has it; null: there is none. */
  async last(place: Place, id: string): Promise<StoredMessage | null> {
    const query = { last_by_subj: this.#subject(place, id) };
    return toStored(await this.#ask("missing", () => this.#admin.streams.getMessage(this.#streamOf(place), query)));
  }

  /** Null: it was removed. */
  async at(place: Place, sequence: number): Promise<StoredMessage | null> {
    const stream = this.#streamOf(place);
    const query = { seq: sequence };
    const near = await this.#ask("missing", () => this.#admin.direct.getMessage(stream, query));
    // A replica may be behind its leader.
    return toStored(near ?? (await this.#ask("missing", () => this.#admin.streams.getMessage(stream, query))));
  }

  /** Harmless when it was removed before. */
  async remove(place: Place, sequence: number): Promise<void> {
    await this.#ask("missing", () => this.#admin.streams.deleteMessage(this.#streamOf(place), sequence, false));
  }

  /** Tells of the last message under every name, then of each that is put, until `close`. Resolves when the first are told. Once. */
  async watch(listener: StreamListener): Promise<void> {
    this.#listener = listener;
    const names = streamNames(this.#options.stream);
    this.#watches = [names.calls, names.states].map((stream) => ({
      stream,
      lastSeen: 0,
      end: () => {},
    }));
    await this.#ask("none", () => this.#followAll());
  }

  /** Begins the watch anew after what it saw last. */
  async watchAnew(): Promise<void> {
    await this.#ask("none", () => this.#followAll());
    this.#listener?.resumed();
  }

  /** Stored once under its `id`, also when it is asked for again within `duplicateMs` (nats-setup.ts). */
  async addMessage(
    queue: string,
    { id, meta, body }: { readonly id: string; readonly meta: string; readonly body: string },
  ): Promise<void> {
    await this.#ask("none", () =>
      this.#stream.publish(this.#queueSubject(queue), body, { headers: headersOf(meta), msgID: id }),
    );
  }

  /** Messages by queue; those that hold none are not there. */
  async queueCounts(queue = "*"): Promise<ReadonlyMap<string, number>> {
    const name = streamNames(this.#options.stream).queues;
    const info = await this.#ask("none", () =>
      this.#admin.streams.info(name, { subjects_filter: this.#queueSubject(queue) }),
    );
    const counts = Object.entries(info?.state.subjects ?? {});
    return new Map(counts.map(([subject, count]) => [textOf(subject.slice(name.length + 1)), count]));
  }

  /** The next message of a queue after a sequence, or null. */
  async nextMessage(queue: string, after: number): Promise<StoredMessage | null> {
    const query = { seq: after + 1, next_by_subj: this.#queueSubject(queue) };
    const { queues } = streamNames(this.#options.stream);
    return toStored(await this.#ask("missing", () => this.#admin.direct.getMessage(queues, query)));
  }

  /** Forgets messages up to `through`. */
  async purgeMessages(queue: string, through: number): Promise<void> {
    const options = { filter: this.#queueSubject(queue), seq: through + 1 };
    await this.#ask("none", () => this.#admin.streams.purge(streamNames(this.#options.stream).queues, options));
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#cancelResume();
    for (const { end } of this.#watches) end();
    await this.#connection.close();
  }

  #streamOf(place: Place): string {
    const { calls, states } = streamNames(this.#options.stream);
    return place === "call" ? calls : states;
  }

  #subject(place: Place, id: string): string {
    return `${this.#streamOf(place)}.${place}.${tokenOf(id)}`;
  }

  #queueSubject(queue: string): string {
    return `${streamNames(this.#options.stream).queues}.${queue === "*" ? queue : tokenOf(queue)}`;
  }

  async #followAll(): Promise<void> {
    await Promise.all(this.#watches.map((watch) => this.#follow(watch)));
  }

  /** Starts a watch after what it saw last. */
  async #follow(watch: Watch): Promise<void> {
    const { stream } = watch;
    watch.end();
    const consumer = await this.#stream.consumers.getPushConsumer(stream, {
      filter_subjects: `${stream}.>`,
      headers_only: true,
      opt_start_seq: watch.lastSeen + 1,
    });
    const caughtUp = Promise.withResolvers<void>();
    let received = 0;
    const messages = await consumer.consume({
      callback: (message) => {
        received++;
        watch.lastSeen = message.seq;
        this.#tell(message.subject.slice(stream.length + 1), {
          sequence: message.seq,
          meta: message.headers?.get(metaHeader) ?? "",
        });
        if (message.info.pending === 0) caughtUp.resolve();
      },
    });
    let cancelLook: CancelTimer = () => {};
    watch.end = () => {
      cancelLook();
      messages.stop();
      caughtUp.reject(new Error("the watch ended"));
    };
    // What was pending may have been replaced or removed meanwhile.
    const look = async (): Promise<void> => {
      const { num_pending: pending, delivered } = await consumer.info();
      if (pending === 0 && delivered.consumer_seq <= received) caughtUp.resolve();
      else
        cancelLook = this.#options.clock.after(lookMs, () => {
          look().catch(caughtUp.reject);
        });
    };
    look().catch(caughtUp.reject);
    await caughtUp.promise;
    cancelLook();
  }

  #tell(subject: string, message: Omit<StoredMessage, "body">): void {
    const [place = "", token = ""] = subject.split(".");
    if (isPlace(place)) this.#listener?.message(place, { id: textOf(token), message });
  }

  async #followConnection(): Promise<void> {
    const { logger } = this.#options;
    for await (const { type } of this.#connection.status()) {
      if (type === "disconnect") {
        if (this.#connected && !this.#closed) logger.warn({}, "call_queue_disconnected");
        this.#connected = false;
      }
      if (type === "reconnect") await this.#resume();
    }
    this.#connected = false;
  }

  /** What consumers of the server's memory told is lost with the connection. */
  async #resume(): Promise<void> {
    const { logger, clock } = this.#options;
    try {
      await this.#followAll();
      this.#connected = true;
      this.#listener?.resumed();
      logger.info({}, "call_queue_connected");
    } catch (error) {
      if (this.#closed) return;
      logger.warn({ error }, "call_queue_resume_failed");
      this.#cancelResume();
      this.#cancelResume = clock.after(lookMs, () => {
        void this.#resume();
      });
    }
  }

  /** What was asked for; null for the outcome that is no error here. @throws StoreError. */
  async #ask<T>(expected: Outcome | "none", request: () => Promise<T>): Promise<T | null> {
    if (!this.connected) throw new StoreError("unavailable", new Error("there is no connection to NATS"));
    try {
      return await request();
    } catch (error) {
      const reason = natsReasonOf(error);
      if (reason === expected) return null;
      throw new StoreError(reason === "conflict" || reason === "missing" ? "damaged" : reason, error);
    }
  }
}

interface Watch {
  readonly stream: string;
  lastSeen: number;
  end: () => void;
}

function isPlace(text: string): text is Place {
  return text === "call" || text === "state" || text === "holder";
}

function headersOf(meta: string): ReturnType<typeof headers> {
  const made = headers();
  made.set(metaHeader, meta);
  return made;
}

function toStored(
  message: {
    readonly seq: number;
    readonly header?: { get(name: string): string };
    readonly data: Uint8Array;
  } | null,
): StoredMessage | null {
  if (message === null) return null;
  const body = new TextDecoder().decode(message.data);
  return { sequence: message.seq, meta: message.header?.get(metaHeader) ?? "", body };
}

/** Any text as one token of a subject: letters, digits, `_` and `-` as they are, every other byte as `=` and two digits. */
export function tokenOf(text: string): string {
  return [...Buffer.from(text)]
    .map((byte) => {
      const character = String.fromCharCode(byte);
      return /[A-Za-z0-9_-]/.test(character) ? character : `=${byte.toString(16).padStart(2, "0")}`;
    })
    .join("");
}

/** What `tokenOf` made a token of. */
export function textOf(token: string): string {
  return decodeURIComponent(token.replaceAll("=", "%"));
}
