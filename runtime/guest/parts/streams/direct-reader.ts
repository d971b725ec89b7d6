/**
 * Reads a stream as the standards' own algorithms do: by read requests (https://streams.spec.whatwg.org/#read-request).
 *
 * A reader's `read()` resolves with an object, and resolving looks for `then` on it and so on Object.prototype: whoever can write there could
 * put other chunks in. Knows the insides of web-streams-polyfill that this takes.
 */
import {
  type ReadableStream,
  ReadableStreamDefaultController,
  type ReadableStreamDefaultReader,
} from "web-streams-polyfill";

/** Exactly one of the three is called for each `read`, once. */
export interface ReadSteps {
  _chunkSteps(chunk: unknown): void;
  _closeSteps(): void;
  _errorSteps(reason: unknown): void;
}

interface Inside {
  _disturbed: boolean;
  readonly _state: "readable" | "closed" | "errored";
  readonly _storedError: unknown;
  readonly _readableStreamController: Readonly<Record<symbol, ((steps: ReadSteps) => void) | undefined>>;
}

const { apply } = Reflect;
const pullSteps = symbolOf(ReadableStreamDefaultController.prototype, "[[PullSteps]]");

/** Locks its stream for good. */
export class DirectReader {
  readonly #stream: Inside;
  readonly #reader: ReadableStreamDefaultReader<unknown>;

  /** Throws a TypeError when the stream is locked. */
  constructor(stream: ReadableStream<unknown>) {
    this.#reader = stream.getReader();
    this.#stream = stream as unknown as Inside;
  }

  /** `steps` may be called before this returns. */
  read(steps: ReadSteps): void {
    const stream = this.#stream;
    stream._disturbed = true;
    if (stream._state === "closed") steps._closeSteps();
    else if (stream._state === "errored") steps._errorSteps(stream._storedError);
    else {
      const controller = stream._readableStreamController;
      const method = controller[pullSteps];
      if (method === undefined) throw new TypeError("Cannot read the stream: its controller is no longer one");
      apply(method, controller, [steps]);
    }
  }

  /** Resolves when the stream ends; rejects with its error. */
  get closed(): Promise<undefined> {
    return this.#reader.closed;
  }

  cancel(reason: unknown): Promise<void> {
    return this.#reader.cancel(reason);
  }
}

function symbolOf(prototype: object, description: string): symbol {
  const symbol = Object.getOwnPropertySymbols(prototype).find((candidate) => candidate.description === description);
  if (symbol === undefined) throw new Error(`Cannot start: streams have no ${description}`);
  return symbol;
}
