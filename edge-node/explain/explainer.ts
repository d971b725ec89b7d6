/**
 * What one step of the pipeline says about a request: each has a small function that adds its lines, in the table of explain-request.ts.
 *
 * Invariant: an explainer changes nothing outside of its context: no counter, no use of a stored answer, no request to an origin; functions run only
 * when the asker wants it.
 */
import type { ExplainFact, ExplainMark, ExplainStep, ExplainStepName } from "../../sdk/explain.ts";
import type { Exchange } from "../pipeline/exchange.ts";
import type { Services } from "../pipeline/services.ts";

/**
 * How far the request has come: it is still a request, the cache has an answer, the origin is needed for one, an answer is there, or nothing
 * follows any more.
 */
export type Reach = "request" | "origin" | "answer" | "over";

export interface ExplainContext {
  readonly services: Services;
  /** As the real steps leave it. */
  readonly exchange: Exchange;
  /** Whether clientRequest functions run. */
  readonly runs: "yes" | "no";
  reach: Reach;
}

/** The step's line; null: it has nothing to say about this request. */
export type Explainer = (context: ExplainContext) => ExplainStep | null | Promise<ExplainStep | null>;

/** One line. Facts without a value are left out. */
export function explained(
  step: ExplainStepName,
  mark: ExplainMark,
  said: { readonly text: string; readonly facts?: Readonly<Record<string, string | number | undefined>> },
): ExplainStep {
  return { step, mark, text: said.text, facts: factsOf(said.facts ?? {}) };
}

function factsOf(facts: Readonly<Record<string, string | number | undefined>>): readonly ExplainFact[] {
  return Object.entries(facts).flatMap(([name, value]) =>
    value === undefined || value === "" ? [] : [{ name, value: `${value}` }],
  );
}
