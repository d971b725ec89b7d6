/** An integer in the query of a client of FunctionGraph. Pure. */
import { FgsError } from "./fgs-error.ts";
import { showValue } from "../../sdk/field-reader.ts";

export interface QueryIntegerOptions {
  readonly key: string;
  readonly min: number;
  /** Default: none. */
  readonly max?: number;
  /** Where nothing is said. */
  readonly default: number;
}

/** @throws FgsError FSS.0400. */
export function queryInteger(
  text: string | undefined,
  { key, min, max = Infinity, default: fallback }: QueryIntegerOptions,
): number {
  if (text === undefined || text === "") return fallback;
  const value = /^-?\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= max) return value;
  const allowed = max === Infinity ? `from ${min} on` : `${min}..${max}`;
  throw new FgsError("FSS.0400", `${key}: received ${showValue(text)}, allowed: an integer ${allowed}`);
}
