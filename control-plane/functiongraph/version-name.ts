/** Under which name a version of a function of FunctionGraph's clients is published. Pure. */
import { invalid } from "./fgs-error.ts";
import { draftPrefix } from "./locate-function.ts";

/** The default is the time. @throws FgsError FSS.1015. */
export function versionName(input: unknown, now: number): string {
  if (input === undefined || input === null || input === "") {
    const digits = new Date(now).toISOString().replace(/\D/g, "");
    return `v${digits.slice(0, 8)}-${digits.slice(8, 14)}`;
  }
  const isFine = typeof input === "string" && /^[A-Za-z0-9][A-Za-z0-9._-]{0,41}$/.test(input);
  if (isFine && input !== "latest" && !input.startsWith(draftPrefix)) return input;
  throw invalid("FSS.1015", "version", {
    received: input,
    allowed: '1..42 letters, digits, ".", "_" and "-", not latest',
  });
}
