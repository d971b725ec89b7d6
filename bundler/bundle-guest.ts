/**
 * Bundles the guest: the project's own code that every isolate runs before an author's.
 *
 * Names stay readable, so that stacks inside the guest can be read without a source map.
 */
import { dirname, resolve } from "node:path";
import { bundleOwnCode, type OwnBundle } from "./own-code.ts";

export interface GuestOptions {
  /** Absolute. */
  readonly entryPath: string;
  /** Package or package file → replacement, relative to the entry's directory. */
  readonly aliases: Readonly<Record<string, string>>;
}

/** One classic script. @throws with every problem in the message when the guest cannot be bundled. */
export function bundleGuest({ entryPath, aliases }: GuestOptions): Promise<OwnBundle> {
  const directory = dirname(entryPath);
  return bundleOwnCode(entryPath, "the guest", {
    alias: Object.fromEntries(Object.entries(aliases).map(([name, path]) => [name, resolve(directory, path)])),
    format: "iife",
    platform: "neutral",
    mainFields: ["module", "main"],
    conditions: ["browser", "import", "default"],
    target: "es2024",
    minifyWhitespace: true,
    minifySyntax: true,
    define: { "process.env.NODE_ENV": '"production"' },
  });
}
