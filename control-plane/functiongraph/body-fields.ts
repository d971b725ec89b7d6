/** Reads single fields of what a client of FunctionGraph sends. Pure. */
import { invalid, type FgsCode } from "./fgs-error.ts";

export type Body = Readonly<Record<string, unknown>>;

export interface Wanted<T> {
  readonly code: FgsCode;
  /** What stays where nothing is said; undefined: something has to be said. */
  readonly present: T | undefined;
}

/** @throws FgsError. */
export function readInteger(
  body: Body,
  key: string,
  { code, min, max, present }: Wanted<number> & { readonly min: number; readonly max: number },
): number {
  const value = body[key] ?? present;
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= min && value <= max) return value;
  throw invalid(code, key, { received: value, allowed: `an integer ${min}..${max}` });
}
