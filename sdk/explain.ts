/** What a node would do with a request, step by step: types only. */
import type { ErrorCode } from "./error-code.ts";

/** `POST /v1/explain` → Explanation. For administrators. Nothing is changed and no origin is asked. */
export interface ExplainInput {
  /** Absolute, http or https. */
  readonly url: string;
  /** Default GET. */
  readonly method?: string;
  readonly headers?: readonly (readonly [string, string])[];
  /** The client's address. Default 127.0.0.1. */
  readonly clientIp?: string;
  /** Run the clientRequest functions for real. Default false: they are named, and taken to change nothing. */
  readonly run?: boolean;
  /** The node to ask. Default: the next connected one in turn. */
  readonly node?: string;
}

export type ExplainStepName =
  | "domain"
  | "clientRequest"
  | "redirect"
  | "access"
  | "requestRewrite"
  | "cacheKey"
  | "lookup"
  | "originPull"
  | "fetch"
  | "origin"
  | "originResponse"
  | "store"
  | "clientResponse"
  | "responseConfiguration";

/** ok: the request goes on as it would. stop: it is answered here. note: what cannot be known without an answer or a run. */
export type ExplainMark = "ok" | "stop" | "note";

export interface ExplainFact {
  readonly name: string;
  readonly value: string;
}

export interface ExplainStep {
  readonly step: ExplainStepName;
  readonly mark: ExplainMark;
  readonly text: string;
  readonly facts: readonly ExplainFact[];
}

export interface Explanation {
  readonly node: string;
  /** Of the state that the node serves. */
  readonly revision: number;
  /** The configured domain that serves the host, or null. */
  readonly domain: string | null;
  /** The domain's present version at the control plane; null: there is none. */
  readonly domainVersion: number | null;
  readonly steps: readonly ExplainStep[];
}

/** To a node. */
export interface ExplainMessage extends Required<Omit<ExplainInput, "node">> {
  readonly kind: "explain";
  readonly id: string;
}

/** `POST /v1/nodes/explanations`. */
export interface ExplainReport {
  readonly id: string;
  readonly outcome:
    | ({ readonly kind: "explained" } & Pick<Explanation, "revision" | "domain" | "steps">)
    | { readonly kind: "failed"; readonly code: ErrorCode; readonly message: string };
}
