/**
 * The demo's transcript: real requests, what was expected of each answer, and how many answers were as expected.
 *
 * Knows no server. Invariant: every expectation that is not met is printed and counted; nothing is expected without being compared.
 */
import type { Answer, Exchange } from "../../bench/harness/http-exchange.ts";

/** What an answer must be. Only what is named is compared. */
export interface Expectation {
  readonly status: number;
  /** By name in lower case: the value, or a pattern of it. */
  readonly headers?: Readonly<Record<string, string | RegExp>>;
  /** Names in lower case that must be absent. */
  readonly absent?: readonly string[];
  readonly bytes?: number;
  /** Text that the body must hold. */
  readonly contains?: string;
}

export interface TranscriptRequest {
  /** What the line says beside method and path, for example the header that matters. */
  readonly note?: string;
  readonly exchange: Exchange;
  readonly expect: Expectation;
  /** What of the answer the line shows, after status and size. */
  readonly show?: (answer: Answer) => string;
}

export interface TranscriptOptions {
  readonly write: (text: string) => void;
  readonly send: (exchange: Exchange) => Promise<Answer>;
}

export class Transcript {
  readonly #options: TranscriptOptions;
  #answers = 0;
  #asExpected = 0;

  constructor(options: TranscriptOptions) {
    this.#options = options;
  }

  get isAsExpected(): boolean {
    return this.#answers > 0 && this.#asExpected === this.#answers;
  }

  get summary(): string {
    return `${this.#asExpected} of ${this.#answers} answers as expected`;
  }

  heading(text: string): void {
    this.#options.write(`\n${text}\n`);
  }

  note(text: string): void {
    this.#options.write(`  ${text}\n`);
  }

  /** Sends one request, prints what came back, and compares it. */
  async request(request: TranscriptRequest): Promise<Answer> {
    const answer = await this.#options.send(request.exchange);
    const shown = request.show?.(answer) ?? "";
    const facts = [String(answer.status), describeSize(answer.body.length), shown].filter((fact) => fact !== "");
    this.#judge(`${describeRequest(request)}  ${facts.join(", ")}`, differences(answer, request.expect));
    return answer;
  }

  /** Says something else than an answer, for example about a count; `problem` says why it is not so, null that it is. */
  claim(text: string, problem: string | null): void {
    this.#judge(text, problem === null ? [] : [problem]);
  }

  #judge(line: string, problems: readonly string[]): void {
    this.#answers += 1;
    if (problems.length === 0) this.#asExpected += 1;
    this.#options.write(`  ${problems.length === 0 ? "ok    " : "NOT OK"} ${line}\n`);
    for (const problem of problems) this.#options.write(`           ${problem}\n`);
  }
}

/** Everything in which an answer is not as expected. */
export function differences(answer: Answer, expected: Expectation): readonly string[] {
  const problems: string[] = [];
  const compare = (what: string, { received, wanted }: { received: unknown; wanted: unknown }): void => {
    if (received !== wanted) problems.push(`${what}: expected ${String(wanted)}: received ${String(received)}`);
  };
  compare("status", { received: answer.status, wanted: expected.status });
  if (expected.bytes !== undefined) compare("bytes", { received: answer.body.length, wanted: expected.bytes });
  for (const [name, wanted] of Object.entries(expected.headers ?? {})) {
    const received = answer.headers[name];
    if (typeof wanted === "string") compare(name, { received, wanted });
    else if (received === undefined || !wanted.test(received)) {
      problems.push(`${name}: expected to match ${String(wanted)}: received ${String(received)}`);
    }
  }
  for (const name of expected.absent ?? []) compare(name, { received: answer.headers[name], wanted: undefined });
  const text = expected.contains;
  if (text !== undefined && !answer.body.includes(text)) {
    problems.push(
      `body: expected to hold ${JSON.stringify(text)}: received ${JSON.stringify(beginningOf(answer.body))}`,
    );
  }
  return problems;
}

function describeRequest({ exchange, note }: TranscriptRequest): string {
  const { pathname, search } = new URL(exchange.url);
  const line = `${exchange.method ?? "GET"} ${pathname}${search}${note === undefined ? "" : `  (${note})`}`;
  return line.padEnd(64);
}

function describeSize(bytes: number): string {
  if (bytes < 1_024) return `${bytes} B`;
  return bytes < 1_048_576 ? `${(bytes / 1_024).toFixed(1)} KiB` : `${(bytes / 1_048_576).toFixed(2)} MiB`;
}

function beginningOf(body: Buffer): string {
  return body.subarray(0, 200).toString();
}
