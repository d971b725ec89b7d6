/**
 * Bundles the guest: the project's own code that every isolate runs before an author's, and the parts of it that are loaded when first used.
 *
 * Names stay readable, so that stacks inside the guest can be read without a source map.
 */
import { dirname, resolve, sep } from "node:path";
import type { BuildOptions } from "./esbuild.ts";
import { bundleOwnCode } from "./own-code.ts";
import { bundlePart, type GuestCore } from "./bundle-part.ts";

export interface GuestOptions {
  /** Absolute. */
  readonly entryPath: string;
  /** Package or package file → replacement, relative to the entry's directory. */
  readonly aliases: Readonly<Record<string, string>>;
  /** Names of the parts: folders of `parts` beside the entry, each with a main.ts. */
  readonly partNames: readonly string[];
}

export interface GuestBundle {
  /** One classic script. */
  readonly script: string;
  /** Name → source (runtime/guest-code.ts). */
  readonly parts: Readonly<Record<string, string>>;
  /** Absolute paths of everything that went into them. */
  readonly inputs: readonly string[];
}

/** @throws with every problem in the message when the guest or a part of it cannot be bundled. */
export async function bundleGuest({ entryPath, aliases, partNames }: GuestOptions): Promise<GuestBundle> {
  const directory = dirname(entryPath);
  const options: BuildOptions = {
    alias: Object.fromEntries(Object.entries(aliases).map(([name, path]) => [name, resolve(directory, path)])),
    platform: "neutral",
    mainFields: ["module", "main"],
    conditions: ["browser", "import", "default"],
    target: "es2024",
    minifyWhitespace: true,
    minifySyntax: true,
    define: { "process.env.NODE_ENV": '"production"' },
  };
  const script = await bundleOwnCode(entryPath, "the guest", {
    ...options,
    format: "iife",
    // Functions of strict code do not show up in the call sites that Error.prepareStackTrace gets.
    banner: { js: '"use strict";' },
    // A binding that nobody can replace: a restored snapshot is finished by what the guest left, whatever the author's top level did to the global object.
    footer: {
      js: "const{__selvagePrepare,__selvageBoot}=globalThis;delete globalThis.__selvagePrepare;delete globalThis.__selvageBoot;",
    },
  });
  refusePartsInCore(
    script.inputs,
    partNames.map((name) => resolve(directory, "parts", name) + sep),
  );
  const core: GuestCore = {
    directory,
    files: new Set(script.inputs),
    shared: new Set(script.importsOf.get(resolve(directory, "parts/core-modules.ts"))),
  };
  const parts = await Promise.all(
    partNames.map(async (name) => [name, await bundlePart(name, { core, options })] as const),
  );
  return {
    script: script.code,
    parts: Object.fromEntries(parts.map(([name, { code }]) => [name, code])),
    inputs: [...new Set([...script.inputs, ...parts.flatMap(([, { inputs }]) => inputs)])],
  };
}

/** The core may import a part's types alone: its code would be there twice. */
function refusePartsInCore(inputs: readonly string[], folders: readonly string[]): void {
  for (const input of inputs) {
    const folder = folders.find((candidate) => input.startsWith(candidate));
    if (folder === undefined) continue;
    throw new Error(`Cannot bundle the guest: the core imports ${input} of a part: get it from loadPart()`);
  }
}
