/**
 * Explanations by REST: one connected node is asked what it would do with a request, and what it says is completed with what only the control plane
 * knows.
 */
import type { ErrorCode } from "../../sdk/error-code.ts";
import type { ExplainInput, ExplainMessage, ExplainReport, Explanation } from "../../sdk/explain.ts";
import { showValue } from "../../sdk/field-reader.ts";
import { isHeaderName, isHeaderValue } from "../../sdk/header-text.ts";
import { functionLimitRanges } from "../../sdk/limits.ts";
import type { Problem } from "../../sdk/problem.ts";
import type { Clock } from "../clock.ts";
import { ControlError, invalidInput, notFound } from "../control-error.ts";
import type { Store } from "../store.ts";
import { AwaitedAnswers, type Unanswered } from "./awaited-answers.ts";
import type { Fleet } from "./fleet.ts";
import type { AskableNode } from "../replicas/remote-nodes.ts";
import { loneReplica, type Replicas } from "../replicas/replicas.ts";

export interface ExplainServiceOptions {
  readonly fleet: Fleet;
  readonly store: Store;
  readonly clock: Clock;
  readonly uniqueId: () => string;
  /** Default: there are none. */
  readonly replicas?: Replicas;
}

/** Questions awaited at once. */
const explainsMax = 100;
/** An answer without functions, milliseconds; with them, what a function may take at most and some. */
const answerMs = 5_000;
const runMs: number = functionLimitRanges.wallMs.max + answerMs;

export class ExplainService {
  readonly #options: ExplainServiceOptions;
  readonly #answers: AwaitedAnswers<ExplainReport>;
  readonly #replicas: Replicas;

  constructor(options: ExplainServiceOptions) {
    this.#options = options;
    this.#answers = new AwaitedAnswers({ ...options, waitsMax: explainsMax, unanswered: failedReport });
    this.#replicas = options.replicas ?? loneReplica;
    this.#replicas.onMessage("explained", ({ report }) => {
      this.#answers.settle(report);
    });
  }

  /** @throws ControlError INPUT_INVALID, NOT_FOUND (no such node is connected), NO_NODE, NODE_OVERLOADED, and what the node says. */
  async explain(input: ExplainInput): Promise<Explanation> {
    const { url, method = "GET", headers = [], clientIp = "127.0.0.1", run = false } = input;
    const problems = checkRequest({ url, method, headers });
    if (problems.length > 0) throw invalidInput(problems);
    const stream = this.#stream(input.node);
    const question = (id: string): ExplainMessage => ({ kind: "explain", id, url, method, headers, clientIp, run });
    const { outcome } = await this.#answers.ask(stream, { question, timeoutMs: run ? runMs : answerMs });
    if (outcome.kind === "failed") throw new ControlError(outcome.code, { message: outcome.message });
    const { revision, domain, steps } = outcome;
    const domainVersion = domain === null ? null : await this.#versionOf(domain);
    return { node: stream?.node ?? "", revision, domain, domainVersion, steps };
  }

  /** A node's answer, which is passed on to the control plane that asked. False: nobody awaits it. */
  settle(report: ExplainReport): boolean {
    return this.#answers.settle(report) || this.#replicas.answer(report.id, { kind: "explained", report });
  }

  close(): void {
    this.#answers.close();
  }

  #stream(node: string | undefined): AskableNode | null {
    const { fleet } = this.#options;
    if (node === undefined) return fleet.next();
    const stream = fleet.find(node);
    if (stream === null) throw notFound(`connected node "${node}"`);
    return stream;
  }

  #versionOf(domain: string): Promise<number | null> {
    return this.#options.store.read(async (view) => (await view.domains.get(domain))?.version ?? null);
  }
}

function checkRequest({
  url,
  method,
  headers,
}: Required<Pick<ExplainInput, "url" | "method" | "headers">>): readonly Problem[] {
  const problems: Problem[] = [];
  if (!/^https?:\/\//i.test(url) || !URL.canParse(url)) {
    problems.push({ path: "url", message: `received ${showValue(url)}, allowed: an absolute http or https URL` });
  }
  if (!isHeaderName(method)) {
    problems.push({ path: "method", message: `received ${showValue(method)}, allowed: an HTTP method` });
  }
  for (const [index, [name, value]] of headers.entries()) {
    if (isHeaderName(name) && isHeaderValue(value)) continue;
    const message = "allowed: a header's name and its value without line breaks, in Latin-1";
    problems.push({ path: `headers[${String(index)}]`, message });
  }
  return problems;
}

const codes: Readonly<Record<Unanswered["kind"], ErrorCode>> = {
  lost: "HOST_LOST",
  late: "NODE_OVERLOADED",
  closing: "NODE_DRAINING",
};

function failedReport({ id, kind, message }: Unanswered): ExplainReport {
  return { id, outcome: { kind: "failed", code: codes[kind], message } };
}
