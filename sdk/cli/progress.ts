/**
 * One line on a terminal that says what takes so long, with the seconds it took. Silent for the first second.
 * Whoever starts it must `stop` it; the line is removed then.
 */
import type { TextSink } from "./cli-context.ts";

const SILENT_MS = 1_000;
const REFRESH_MS = 250;
const FRAMES: readonly string[] = ["|", "/", "-", "\\"];

export interface ProgressOptions {
  readonly sink: TextSink;
  readonly monotonicMs: () => number;
  readonly isShown: boolean;
}

export class Progress {
  readonly #options: ProgressOptions;
  readonly #startMs: number;
  readonly #timer: NodeJS.Timeout | null;
  #text: string;
  #frame = 0;
  #drawn = false;

  constructor(text: string, options: ProgressOptions) {
    this.#text = text;
    this.#options = options;
    this.#startMs = options.monotonicMs();
    this.#timer = options.isShown
      ? setInterval(() => {
          this.#draw();
        }, REFRESH_MS).unref()
      : null;
  }

  update(text: string): void {
    this.#text = text;
  }

  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    if (this.#drawn) this.#options.sink.write("\r\u001b[2K");
    this.#drawn = false;
  }

  #draw(): void {
    const elapsedMs = this.#options.monotonicMs() - this.#startMs;
    if (elapsedMs < SILENT_MS) return;
    const frame = FRAMES[this.#frame++ % FRAMES.length] ?? "";
    this.#drawn = true;
    this.#options.sink.write(`\r\u001b[2K${frame} ${this.#text} (${Math.floor(elapsedMs / 1_000)} s)`);
  }
}
