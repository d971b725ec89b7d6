/** What is wrong with an input: where, what, and what is allowed. Parsers return all problems together. */
export interface Problem {
  /** Where: a file with line and column, or a key path such as `rules[2].priority`. */
  readonly path: string;
  /** What is wrong and what is allowed, as a sentence without the path, for example `received 101, allowed 1..100`. */
  readonly message: string;
}

/** A parsed value, or the list of everything that is wrong with it (never empty). */
export type Parsed<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly problems: readonly Problem[] };

/** One line per problem, `path: message`. */
export function formatProblems(problems: readonly Problem[]): string {
  return problems.map((problem) => `${problem.path}: ${problem.message}`).join("\n");
}
