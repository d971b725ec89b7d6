/** The checks of all tests of domain configurations: one part of a document is accepted, or refused at these paths. */
import type { DomainConfig } from "../../../sdk/domain.ts";
import { parseDomain } from "../../../sdk/domain-parser.ts";
import { parsedValue, problemLines, problemPaths } from "../expect-problems.ts";

export const testDomain = "www.example.com";

/** The whole configuration of a document with these keys. */
export function accept(input: object): DomainConfig {
  return parsedValue(parseDomain(input, testDomain));
}

/** Where the problems are, in their order. */
export function refusedAt(input: object): readonly string[] {
  return problemPaths(parseDomain(input, testDomain));
}

/** Every problem as one line. */
export function refusals(input: object): readonly string[] {
  return problemLines(parseDomain(input, testDomain));
}
