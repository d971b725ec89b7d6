/**
 * The door to esbuild: the only importer of the package. Runs one build with a time bound and says how it ended.
 *
 * esbuild is one child process for the whole of this process, shared by all builds. A source that crashes or stalls it costs only its
 * own build: the child is replaced, and builds that were cut off with it run once more.
 */
import type * as esbuild from "esbuild";

export type { BuildOptions, ImportKind, Message, Metafile, OnResolveArgs, OnResolveResult, Plugin } from "esbuild";
export type { OnLoadArgs, OnLoadResult, PartialMessage, TsconfigRaw } from "esbuild";

export interface EsbuildFile {
  readonly path: string;
  readonly text: string;
}

export type EsbuildOutcome =
  | {
      readonly kind: "built";
      readonly files: readonly EsbuildFile[];
      readonly metafile: esbuild.Metafile;
      readonly warnings: readonly esbuild.Message[];
    }
  | {
      readonly kind: "refused";
      readonly errors: readonly esbuild.Message[];
      readonly warnings: readonly esbuild.Message[];
    }
  | { readonly kind: "timed-out" }
  | { readonly kind: "aborted" }
  | { readonly kind: "crashed" };

export interface EsbuildBounds {
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
}

/** Loaded with the first build: it looks at the environment then (esbuild-wall.ts). */
let loading: Promise<typeof esbuild> | null = null;

function loaded(): Promise<typeof esbuild> {
  return (loading ??= import("esbuild"));
}

/** esbuild's own state is one per process (its child), so this is too. */
class EsbuildService {
  /** Grows with every replaced child. */
  #generation = 0;
  /** Running builds; a replaced child never answers them. */
  readonly #cuts = new Set<(outcome: EsbuildOutcome) => void>();
  /** Builds wait for it; a build that was cut off runs again alone, so that only the guilty one is cut off twice. */
  #gate: Promise<unknown> = Promise.resolve();

  async run(options: esbuild.BuildOptions, bounds: EsbuildBounds): Promise<EsbuildOutcome> {
    await this.#gate;
    const outcome = await this.#runOnce(options, bounds);
    if (outcome.kind !== "crashed") return outcome;
    const alone = this.#gate.then(() => this.#runOnce(options, bounds));
    this.#gate = alone.catch(() => undefined);
    return alone;
  }

  async #runOnce(options: esbuild.BuildOptions, { timeoutMs, signal }: EsbuildBounds): Promise<EsbuildOutcome> {
    if (signal?.aborted === true) return { kind: "aborted" };
    const startedIn = this.#generation;
    const cut = Promise.withResolvers<EsbuildOutcome>();
    const onAbort = (): void => {
      cut.resolve({ kind: "aborted" });
    };
    const timer = setTimeout(() => {
      cut.resolve({ kind: "timed-out" });
    }, timeoutMs);
    signal?.addEventListener("abort", onAbort, { once: true });
    this.#cuts.add(cut.resolve);
    try {
      const outcome = await Promise.race([build(options), cut.promise]);
      const isChildUsable = outcome.kind === "built" || outcome.kind === "refused";
      if (!isChildUsable) await this.#replaceChild(startedIn);
      return outcome;
    } finally {
      this.#cuts.delete(cut.resolve);
      clearTimeout(timer);
      signal?.removeEventListener("abort", onAbort);
    }
  }

  async #replaceChild(generation: number): Promise<void> {
    if (generation !== this.#generation) return;
    this.#generation += 1;
    await stopEsbuild();
    for (const cut of this.#cuts) cut({ kind: "crashed" });
    this.#cuts.clear();
  }
}

const service = new EsbuildService();

/** Runs one build in memory. Never rejects because of the source; `crashed` means that the source took esbuild down. */
export function runEsbuild(options: esbuild.BuildOptions, bounds: EsbuildBounds): Promise<EsbuildOutcome> {
  return service.run({ ...options, write: false, metafile: true, logLevel: "silent" }, bounds);
}

/**
 * `code` as esbuild prints it, TypeScript and JSX compiled, with its source map inside; null when it cannot be parsed.
 * For use in plugins of a running build, whose time bound and crashes cover it.
 */
export async function printSource(
  code: string,
  options: {
    readonly loader: "js" | "jsx" | "ts" | "tsx";
    readonly tsconfigRaw: esbuild.TsconfigRaw;
    readonly name: string;
  },
): Promise<string | null> {
  const { loader, tsconfigRaw, name } = options;
  try {
    const result = await (
      await loaded()
    ).transform(code, {
      loader,
      tsconfigRaw,
      sourcefile: name,
      sourcemap: "inline",
      charset: "utf8",
      target: "esnext",
      logLevel: "silent",
    });
    return result.code;
  } catch (error) {
    if (isBuildFailure(error)) return null;
    throw error;
  }
}

/** Ends esbuild's child process; the next build starts another. For processes that want to exit. */
export async function stopEsbuild(): Promise<void> {
  await (await loading)?.stop();
}

async function build(options: esbuild.BuildOptions): Promise<EsbuildOutcome> {
  try {
    const result = await (await loaded()).build({ ...options, write: false, metafile: true });
    const files = result.outputFiles.map((file) => ({ path: file.path, text: file.text }));
    return { kind: "built", files, metafile: result.metafile, warnings: result.warnings };
  } catch (error) {
    if (isBuildFailure(error)) return { kind: "refused", errors: error.errors, warnings: error.warnings };
    if (error instanceof Error && /^The service (?:was stopped|is no longer running)/.test(error.message)) {
      return { kind: "crashed" };
    }
    throw error;
  }
}

function isBuildFailure(error: unknown): error is esbuild.BuildFailure {
  return error instanceof Error && "errors" in error && Array.isArray(error.errors);
}
