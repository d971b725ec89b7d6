/**
 * What a bundle needs because its code was written for Node.js: Node's globals without an import, and AsyncLocalStorage. Known only from a
 * first build; most bundles need nothing and are done after it.
 */
import { type BuildOptions, type EsbuildOutcome } from "./esbuild.ts";
import { entrySpecifier } from "./source/source-loader.ts";

export interface NodeNeeds {
  /** Node's globals in place of free identifiers (runtime/guest/node/free-globals.ts). */
  readonly freeGlobals: boolean;
  /** Every `await` becomes a call of `then` (runtime/guest/node/async-context.ts). */
  readonly lowersAsync: boolean;
}

export const needsNothing: NodeNeeds = { freeGlobals: false, lowersAsync: false };

/** What the code that a first build printed still needs. */
export function needsOf(outcome: EsbuildOutcome): NodeNeeds {
  if (outcome.kind !== "built") return needsNothing;
  // Not when it is only named by code that was left out.
  const usesAsyncHooks = Object.values(outcome.metafile.outputs).some(
    ({ inputs }) => (inputs["node:async-hooks"]?.bytesInOutput ?? 0) > 0,
  );
  const code = outcome.files.find(({ path }) => path.endsWith(".js"))?.text ?? "";
  return { freeGlobals: likelyFreeGlobal.test(code), lowersAsync: usesAsyncHooks };
}

/** Members of the free identifier `process` that `free-globals.ts` has. */
const processMembers = "argv cwd emitWarning hrtime nextTick platform uptime version versions".split(" ");

/** esbuild then tells which are free; a wrong guess costs a second build. */
const likelyFreeGlobal = new RegExp(
  `\\b(?:Buffer|setImmediate|clearImmediate|process\\s*(?:\\?\\.|\\.|\\[)\\s*["']?(?:${processMembers.join("|")}))\\b`,
);

const always: Readonly<Record<string, string>> = { global: "globalThis", "process.env.NODE_ENV": '"production"' };

const processDefinitions: Readonly<Record<string, string>> = Object.fromEntries(
  processMembers.map((name) => [`process.${name}`, `__process_${name}`]),
);

/** The stub gives CommonJS modules a default export, and makes a missing one an error with a place. */
const plainEntry = `export { default } from "${entrySpecifier}";\nexport * from "${entrySpecifier}";\n`;

/** An event function's exports go along as a namespace: there need not be a default export, and the handler is found by its name. */
const eventEntry = [
  `import * as entry from "${entrySpecifier}";`,
  "const { default: hooks } = entry;",
  "export { hooks as default, entry };",
  "",
].join("\n");

const asyncEventEntry = [
  'import { freshExports, freshHooks } from "node:async-context";',
  `import * as module from "${entrySpecifier}";`,
  "const { default: hooks } = module;",
  "const entry = freshExports(module);",
  "export default freshHooks(hooks);",
  "export { entry };",
  "",
].join("\n");

/** Loads what AsyncLocalStorage needs before anything of the author's. */
const asyncEntry = [
  'import { freshHooks } from "node:async-context";',
  `import module from "${entrySpecifier}";`,
  "export default freshHooks(module);",
  "",
].join("\n");

const loweredSyntax = { "async-await": false, "async-generator": false, "for-await": false };

/** The stub that imports the author's entry. */
export function entryStub({ lowersAsync }: NodeNeeds, { isEvent }: { readonly isEvent: boolean }): string {
  if (isEvent) return lowersAsync ? asyncEventEntry : eventEntry;
  return lowersAsync ? asyncEntry : plainEntry;
}

/** esbuild's options for `needs`, `define` among them. */
export function optionsFor(needs: NodeNeeds): Pick<BuildOptions, "define" | "inject" | "supported"> {
  const { freeGlobals, lowersAsync } = needs;
  return {
    define: { ...always, ...(freeGlobals ? processDefinitions : {}) },
    ...(freeGlobals ? { inject: ["node:free-globals"] } : {}),
    ...(lowersAsync ? { supported: loweredSyntax } : {}),
  };
}
