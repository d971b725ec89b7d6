/**
 * What a command says: its result on stdout, everything else on stderr.
 *
 * Invariant: with `--json` stdout carries the result's JSON and nothing else, and stderr no progress.
 */
import picocolors from "picocolors";
import { SelvageApiError } from "../api-error.ts";
import type { Problem } from "../problem.ts";
import type { CliContext } from "./cli-context.ts";
import { CliError } from "./exit-code.ts";
import { Progress } from "./progress.ts";

export type Colors = ReturnType<typeof picocolors.createColors>;

export class Output {
  readonly json: boolean;
  readonly colors: Colors;
  readonly #context: CliContext;

  constructor(context: CliContext, { json }: { readonly json: boolean }) {
    this.#context = context;
    this.json = json;
    const wanted = context.stdout.isTerminal && context.environment["NO_COLOR"] === undefined && !json;
    this.colors = picocolors.createColors(wanted);
  }

  /** The command's one result: `value` as JSON or `text` for people. */
  result(value: unknown, text: string): void {
    this.#context.stdout.write(this.json ? `${JSON.stringify(value, null, 2)}\n` : withNewline(text));
  }

  /** One of many results of a stream: a line of JSON or `text`. */
  item(value: unknown, text: string): void {
    this.#context.stdout.write(this.json ? `${JSON.stringify(value)}\n` : withNewline(text));
  }

  /** A remark for people. */
  note(text: string): void {
    if (!this.json) this.#context.stderr.write(withNewline(text));
  }

  /** Shows what is going on once it takes longer than a second; only on a terminal. */
  progress(text: string): Progress {
    const { stderr, monotonicMs } = this.#context;
    return new Progress(text, { sink: stderr, monotonicMs, isShown: stderr.isTerminal && !this.json });
  }

  error(error: unknown): void {
    const { message, problems, requestId, code } = describe(error);
    if (this.json) {
      this.#context.stdout.write(`${JSON.stringify({ error: { code, message, requestId, problems } }, null, 2)}\n`);
      return;
    }
    const lines = [`${this.colors.red("error")} ${message}`];
    for (const problem of problems) lines.push(`  ${problem.path}: ${problem.message}`);
    if (requestId !== "") lines.push(`  request ${requestId}`);
    this.#context.stderr.write(`${lines.join("\n")}\n`);
  }
}

interface Described {
  readonly code: string;
  readonly message: string;
  readonly requestId: string;
  readonly problems: readonly Problem[];
}

function describe(error: unknown): Described {
  if (error instanceof SelvageApiError) {
    const { code, message, requestId, problems } = error;
    return { code, message: message === "" ? code : message, requestId, problems };
  }
  if (error instanceof CliError)
    return { code: "CLI", message: error.message, requestId: "", problems: error.problems };
  const message = error instanceof Error ? error.message : String(error);
  return { code: "CLI", message, requestId: "", problems: [] };
}

function withNewline(text: string): string {
  return text === "" || text.endsWith("\n") ? text : `${text}\n`;
}
