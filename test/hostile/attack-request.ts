/**
 * One request to a hostile function and what became of it: answered, cut, or left alone.
 *
 * Reads only as much of an answer as a verdict needs, and never waits longer than it was told to.
 */
import { request, type IncomingMessage } from "node:http";

export type AttackOutcome =
  /** A whole answer. `code`: of the node's error answer. `reached`: what the function says it got at. */
  | {
      readonly kind: "answered";
      readonly status: number;
      readonly code: string | null;
      readonly ms: number;
      readonly reached: readonly string[];
    }
  /** A head, and a body that the client left before its end: it was too long, in bytes or in time. */
  | { readonly kind: "left"; readonly status: number; readonly ms: number }
  /** A head, and a body that broke off. */
  | { readonly kind: "cut"; readonly status: number; readonly ms: number }
  /** The connection ended without a head. */
  | { readonly kind: "lost"; readonly ms: number; readonly why: string }
  /** Nothing until the deadline. */
  | { readonly kind: "unanswered"; readonly ms: number };

export interface AttackRequest {
  readonly url: string;
  readonly host: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Until the head. */
  readonly headMs: number;
  /** From the head to the end of the body; then the client leaves. */
  readonly bodyMs: number;
}

/** Beyond, the client has seen enough. */
const bodyBytesMax = 4_194_304;
/** An answer that tells what was reached is small. */
const keptBytesMax = 65_536;
const headerBytesMax = 4_194_304;

/** Never rejects. */
export function sendAttack(attack: AttackRequest): Promise<AttackOutcome> {
  const { promise, resolve } = Promise.withResolvers<AttackOutcome>();
  const startedAt = performance.now();
  const since = (): number => performance.now() - startedAt;
  const outgoing = request(attack.url, {
    headers: { ...attack.headers, host: attack.host },
    agent: false,
    maxHeaderSize: headerBytesMax,
  });
  const timer = setTimeout(() => {
    resolve({ kind: "unanswered", ms: since() });
    outgoing.destroy();
  }, attack.headMs);
  outgoing.once("response", (incoming) => {
    clearTimeout(timer);
    readBody(incoming, attack.bodyMs).then(
      (body) => {
        const status = incoming.statusCode ?? 0;
        if (body.kind === "whole") resolve({ kind: "answered", status, ms: since(), ...readAnswer(body.text) });
        else resolve({ kind: body.kind, status, ms: since() });
        outgoing.destroy();
      },
      // readBody never rejects.
      () => undefined,
    );
  });
  outgoing.on("error", (error) => {
    clearTimeout(timer);
    resolve({ kind: "lost", ms: since(), why: error.message });
  });
  outgoing.end();
  return promise;
}

type Body = { readonly kind: "whole"; readonly text: string } | { readonly kind: "cut" } | { readonly kind: "left" };

function readBody(incoming: IncomingMessage, bodyMs: number): Promise<Body> {
  const { promise, resolve } = Promise.withResolvers<Body>();
  const kept: Buffer[] = [];
  let bytes = 0;
  const leave = (): void => resolve({ kind: "left" });
  const timer = setTimeout(leave, bodyMs);
  incoming.on("data", (chunk: Buffer) => {
    if (bytes < keptBytesMax) kept.push(chunk);
    bytes += chunk.length;
    if (bytes > bodyBytesMax) leave();
  });
  incoming.once("end", () => resolve({ kind: "whole", text: Buffer.concat(kept).toString("utf8") }));
  incoming.on("error", () => resolve({ kind: "cut" }));
  incoming.once("close", () => resolve({ kind: "cut" }));
  return promise.finally(() => clearTimeout(timer));
}

/** What an answer's body tells: `{"error": {"code"}}` of the node, `{"reached": [...]}` of a program. */
export function readAnswer(text: string): { readonly code: string | null; readonly reached: readonly string[] } {
  const value = parseJson(text);
  const { error, reached } = isRecord(value) ? value : {};
  const code = isRecord(error) && typeof error["code"] === "string" ? error["code"] : null;
  return { code, reached: Array.isArray(reached) ? reached.map(String) : [] };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}
