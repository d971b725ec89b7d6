/**
 * Bundles the counterparts of Node.js modules (`runtime/guest/node`) for the authors' bundles: trusted input, read from this project alone.
 *
 * Every file there becomes one ES module. What they import of each other stays an import (`node:NAME`), so that an author's bundle holds
 * each once; npm packages and other parts of the guest are bundled in.
 */
import { basename, dirname, join, resolve } from "node:path";
import { formatProblems } from "../sdk/problem.ts";
import { runEsbuild, type OnLoadResult, type Plugin } from "./esbuild.ts";
import { placeOf } from "./report/message-location.ts";

const timeoutMs = 60_000;

/** What npm packages require of Node's modules → a module that gives them ours. */
const required: Readonly<Record<string, string>> = {
  buffer: 'export { Buffer, Blob } from "node:buffer";',
  events: 'export { EventEmitter } from "node:events";',
  "string_decoder/": 'export { StringDecoder } from "node:string-decoder";',
  "safe-buffer": 'export { Buffer } from "node:buffer";',
  "process/": 'export { nextTick } from "node:process";',
  "abort-controller":
    "export const AbortController = globalThis.AbortController, AbortSignal = globalThis.AbortSignal;",
  "punycode/": 'export { toASCII } from "node:url-host";',
  qs: 'import { parse, stringify as write } from "node:querystring"; export { parse }; export const stringify = (value) => write(value);',
};

export interface NodeModulesBundle {
  /** JSON: file name without extension → code. */
  readonly code: string;
  /** Absolute paths of everything that went into it. */
  readonly inputs: readonly string[];
}

/** `directory` is absolute, `files` are names in it. @throws with every problem in the message when they cannot be bundled. */
export async function bundleNodeModules(directory: string, files: readonly string[]): Promise<NodeModulesBundle> {
  const outcome = await runEsbuild(
    {
      entryPoints: files.map((name) => join(directory, name)),
      absWorkingDir: directory,
      outdir: join(directory, "out"),
      bundle: true,
      format: "esm",
      platform: "neutral",
      mainFields: ["module", "main"],
      target: "es2024",
      charset: "utf8",
      legalComments: "none",
      // Names stay: those of classes can be asked for, and stacks can be read.
      minifyWhitespace: true,
      define: { "process.env.NODE_ENV": '"production"' },
      tsconfigRaw: {},
      plugins: [nodeModulesPlugin(directory)],
    },
    { timeoutMs, signal: undefined },
  );
  if (outcome.kind === "refused") {
    const problems = outcome.errors.map((error) => ({ path: placeOf(error, directory), message: error.text }));
    throw new Error(`Cannot bundle Node's modules:\n${formatProblems(problems)}`);
  }
  if (outcome.kind !== "built") throw new Error(`Cannot bundle Node's modules: esbuild ${outcome.kind}`);
  const modules = outcome.files.map(({ path, text }) => [basename(path, ".js"), text] as const);
  const inputs = Object.keys(outcome.metafile.inputs).filter((name) => !name.startsWith("required:"));
  return {
    code: JSON.stringify(Object.fromEntries(modules.toSorted(([left], [right]) => (left < right ? -1 : 1)))),
    inputs: inputs.map((name) => resolve(directory, name)),
  };
}

function nodeModulesPlugin(directory: string): Plugin {
  return {
    name: "selvage-node-modules",
    setup: (build) => {
      build.onResolve({ filter: /^\.\/[\w-]+\.ts$/ }, (args) => {
        if (dirname(args.importer) !== directory) return undefined;
        return { path: `node:${basename(args.path, ".ts")}`, external: true, sideEffects: false };
      });
      build.onResolve({ filter: /^node:/ }, (args) => ({ path: args.path, external: true, sideEffects: false }));
      build.onResolve({ filter: /.*/ }, (args) => {
        if (args.kind !== "require-call" || !Object.hasOwn(required, args.path)) return undefined;
        return { path: args.path, namespace: "required" };
      });
      build.onLoad({ filter: /.*/, namespace: "required" }, (args): OnLoadResult => ({
        contents: required[args.path] ?? "",
      }));
    },
  };
}
