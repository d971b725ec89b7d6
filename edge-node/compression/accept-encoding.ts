/**
 * What a client accepts (RFC 9110 §12.5.3), as the one coding to send or none.
 *
 * Pure. Invariant: nothing is chosen that the client did not name, by its name or by `*`, with a weight above 0.
 */
export const codings = ["br", "zstd", "gzip"] as const;
export type Coding = (typeof codings)[number];

/** Longer fields are no browser's; what they accept is not worth the work. */
const FIELD_CHARS_MAX = 1_024;
const WEIGHT = /^q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/i;

/**
 * The coding of `preferred` (the best first) with the greatest weight; null: send it as it is. `field`: all lines joined, undefined when absent.
 * A client that prefers `identity` gets it.
 */
export function chooseCoding(field: string | undefined, preferred: readonly Coding[]): Coding | null {
  if (field === undefined || field.length > FIELD_CHARS_MAX) return null;
  const weights = readWeights(field);
  const others = weights.get("*") ?? 0;
  const weightOf = (coding: string): number =>
    weights.get(coding) ?? (coding === "gzip" ? (weights.get("x-gzip") ?? others) : others);
  let best: Coding | null = null;
  let bestWeight = 0;
  for (const coding of preferred) {
    const weight = weightOf(coding);
    if (weight > bestWeight) [best, bestWeight] = [coding, weight];
  }
  return (weights.get("identity") ?? 0) > bestWeight ? null : best;
}

/** Members that are outside the grammar count as absent. */
function readWeights(field: string): ReadonlyMap<string, number> {
  const weights = new Map<string, number>();
  for (const member of field.split(",")) {
    const [name = "", ...parameters] = member.split(";").map((part) => part.trim());
    const [weight] = parameters;
    const parsed = weight === undefined ? "1" : WEIGHT.exec(weight.replaceAll(/\s/g, ""))?.[1];
    if (name === "" || parsed === undefined || parameters.length > 1) continue;
    weights.set(name.toLowerCase(), Number(parsed));
  }
  return weights;
}
