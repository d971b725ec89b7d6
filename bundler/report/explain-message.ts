/**
 * Turns esbuild's messages into problems and warnings that an author of functions understands.
 *
 * esbuild gives errors no codes, so this file, and only this one, recognises some of its sentences; its version is pinned and
 * tests run each of them. A sentence that is not recognised is passed on as it is.
 */
import type { Problem } from "../../sdk/problem.ts";
import type { Message } from "../esbuild.ts";
import { isInNodeModules } from "../source/source-path.ts";
import { type SourceLoader, displayPath } from "../source/source-loader.ts";
import { fileOf, placeOf } from "./message-location.ts";

export interface MessageContext {
  readonly entry: string;
  /** The name of the stub that imports the entry. */
  readonly stub: string;
  readonly loader: SourceLoader;
}

const listedMax = 50;

/** The problems that `errors` and forbidden dynamic imports among `warnings` stand for; at most 50. */
export function problemsFrom(
  messages: { readonly errors: readonly Message[]; readonly warnings: readonly Message[] },
  context: MessageContext,
): Problem[] {
  const forbidden = messages.warnings.filter((warning) => isForbidden(warning));
  return [...messages.errors, ...forbidden].slice(0, listedMax).map((message) => toProblem(message, context));
}

/** `file:line:column: text` for every warning that forbids nothing; at most 50. */
export function warningsFrom(warnings: readonly Message[], context: MessageContext): string[] {
  const plain = warnings.filter((warning) => !isForbidden(warning)).slice(0, listedMax);
  return plain.map((warning) => {
    const { path, message } = toProblem(warning, context);
    return `${path}: ${message}`;
  });
}

/** The author's own code may not import what only the running program knows; in packages it is often a path never taken. */
function isForbidden(warning: Message): boolean {
  const isDynamic = warning.id === "unsupported-dynamic-import" || warning.id === "unsupported-require-call";
  return isDynamic && !isInNodeModules(fileOf(warning) ?? "");
}

function toProblem(message: Message, context: MessageContext): Problem {
  if (isAboutDefaultExport(message, context)) {
    return {
      path: `${context.entry}:1:1`,
      message: "has no default export: export the hooks as `export default { clientRequest(request, env, ctx) { … } }`",
    };
  }
  const explained = explain(message, context);
  if (fileOf(message) !== context.stub) return { path: placeOf(message, context.entry), message: explained };
  return { path: context.entry, message: explained.replace(`${context.entry}: `, "") };
}

function isAboutDefaultExport(message: Message, { stub }: MessageContext): boolean {
  return fileOf(message) === stub && /^No matching export in ".*" for import "default"$/.test(message.text);
}

function explain(message: Message, { loader }: MessageContext): string {
  const { id, text } = message;
  if (id === "unsupported-dynamic-import")
    return "import() of a name that is not known when bundling cannot be bundled";
  if (id === "unsupported-require-call") return "require() of a name that is not known when bundling cannot be bundled";
  const missing = unquoted(/^Could not resolve ("(?:[^"\\]|\\.)*")/.exec(text)?.[1]);
  if (missing !== null) return loader.refusalOf(fileOf(message) ?? "", missing) ?? withoutNamespaces(text);
  if (/^Could not resolve (?:import|require)\(/.test(text)) {
    return "import() or require() of a pattern of names cannot be bundled: write each name out";
  }
  if (/^Top-level await is (?:currently )?not (?:supported|available)/.test(text)) {
    return "top-level await cannot be used: the module is evaluated at once, before any request; await inside a hook";
  }
  if (/^No matching export in "source:.*\.wasm" for import /.test(text)) {
    return "a .wasm file exports the compiled module as its default and nothing else: new WebAssembly.Instance(module, imports).exports has the rest";
  }
  return withoutNamespaces(text);
}

/** esbuild quotes names almost as JSON does. */
function unquoted(quoted: string | undefined): string | null {
  if (quoted === undefined) return null;
  try {
    return String(JSON.parse(quoted));
  } catch {
    return quoted.slice(1, -1);
  }
}

function withoutNamespaces(text: string): string {
  return text.replaceAll(/"(source:[^"]*)"/g, (_quoted, name: string) => `"${displayPath(name)}"`);
}
