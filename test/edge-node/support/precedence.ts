/** Rows of the tables that say who has the last word, a function or the configuration; the functions they use; the check. */
import { expect, it } from "vitest";
import type { DomainConfig } from "../../../sdk/domain.ts";
import { setHeader } from "../../../sdk/header-text.ts";
import type { Phase } from "../../../sdk/phase.ts";
import { ask, type Answer } from "./client.ts";
import { textOutcome, type FunctionBody } from "./function-driver.ts";
import type { Opened } from "./opened.ts";
import type { Origin } from "./origin.ts";

export type Winner = "function" | "configuration";

export interface Row {
  readonly phase: Phase;
  readonly key: string;
  /** What the function does. */
  readonly does: string;
  readonly run: FunctionBody;
  readonly domain: Partial<DomainConfig>;
  readonly wins: Winner;
  /** What the answer (of the second request, where there are two) shows of the winner. */
  readonly shows: (answer: Answer) => unknown;
  readonly of: Readonly<Record<Winner, unknown>>;
  readonly path?: string;
  readonly requests?: 2;
}

export const answers: FunctionBody = () => textOutcome("function");
export const sets =
  (name: string, value: string): FunctionBody =>
  ({ method, url, headers, response }) =>
    response === null
      ? { kind: "request", method, url, headers: setHeader(headers, name, value), body: { kind: "same" } }
      : {
          kind: "response",
          status: response.status,
          headers: setHeader(response.headers, name, value),
          body: { kind: "same" },
        };
export const goesTo =
  (target: string): FunctionBody =>
  ({ method, headers }) => ({
    kind: "request",
    method,
    url: `http://site.test${target}`,
    headers,
    body: { kind: "same" },
  });
export const answersWith =
  (status: number): FunctionBody =>
  () =>
    textOutcome("function", { status });

export const status = (answer: Answer): unknown => answer.status;
export const text = (answer: Answer): unknown => answer.text;
export const header =
  (name: string) =>
  (answer: Answer): unknown =>
    answer.headers[name];

/** What answers, fields and paths of tests say about who decided. */
export const byName = { function: "function", configuration: "configuration" } as const;

/** An origin that answers with the path it was asked for, `/missing` with 404, and says in `x-was` what it got as `x-who`. */
export function echo({ origin }: Opened): Promise<Origin> {
  return origin((request, response) => {
    response.statusCode = request.url === "/missing" ? 404 : 200;
    response.setHeader("x-was", String(request.headers["x-who"]));
    response.end(request.url);
  });
}

/** One test for each row. */
export function checkPrecedence(opened: Opened, rows: readonly Row[]): void {
  it.each(rows)("$phase, $key, when a function $does: the $wins", async (row) => {
    const source = await echo(opened);
    const { port } = await opened.edge({
      origins: [source.port],
      domain: row.domain,
      functions: { run: row.run },
      rules: [{ phase: row.phase, function: "run" }],
    });
    const path = row.path ?? "/a";
    if (row.requests === 2) await ask(port, path);
    expect(row.shows(await ask(port, path))).toEqual(row.of[row.wins]);
    expect(row.of.function).not.toEqual(row.of.configuration);
  });
}
