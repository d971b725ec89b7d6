/** Bounds of functions that clients of FunctionGraph manage (interfaces.md §3.7). */
export const fgsLimits = {
  /** With a name; `latest` is one more. All of them are on the nodes. */
  versionsMax: 20,
  aliasesMax: 10,
} as const;
