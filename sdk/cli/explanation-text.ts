/** An explanation for people: a line for each step with a mark, what it goes by below it. Pure. */
import type { Explanation, ExplainMark, ExplainStep } from "../explain.ts";
import type { Colors } from "./output.ts";
import { printable } from "./text-table.ts";

export function explanationText(explanation: Explanation, colors: Colors): string {
  const { node, revision, domain, domainVersion, steps } = explanation;
  const document =
    domain === null ? [] : [`${domain}${domainVersion === null ? "" : ` version ${String(domainVersion)}`}`];
  const head = [`node ${node}`, `revision ${String(revision)}`, ...document].join(", ");
  return [colors.dim(printable(head)), ...steps.flatMap((step) => stepLines(step, colors))].join("\n");
}

const marks: Readonly<Record<ExplainMark, string>> = { ok: "✓", stop: "■", note: "·" };

function stepLines({ step, mark, text, facts }: ExplainStep, colors: Colors): readonly string[] {
  const colour = { ok: colors.green, stop: colors.yellow, note: colors.dim }[mark];
  const width = Math.max(0, ...facts.map(({ name }) => name.length));
  return [
    `${colour(marks[mark])} ${colors.bold(printable(step))}  ${printable(text)}`,
    ...facts.map(({ name, value }) => `    ${colors.dim(printable(name).padEnd(width))}  ${printable(value)}`),
  ];
}
