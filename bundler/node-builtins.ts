/**
 * The modules of Node.js that a function may not import, and what to use instead. The one table of them: those that functions have are in
 * `node-modules.ts`.
 */

const files = "there is no disk at the edge: import a .json or .txt file to put it into the bundle, or fetch it";
const sockets = "functions open no sockets: use fetch()";
const processes = "a function is alone in its isolate and starts nothing";
const engine = "the engine is not reachable from a function";

/** Name without `node:` → what to do instead, as the end of a sentence. */
export const nodeBuiltins: ReadonlyMap<string, string> = new Map([
  ["child_process", processes],
  ["cluster", processes],
  ["console", "use the global console"],
  ["constants", files],
  ["dgram", sockets],
  ["dns", sockets],
  ["domain", "use try and catch"],
  ["fs", files],
  ["http", "use fetch() to call out, and the `fetch` hook to answer"],
  ["http2", "use fetch() to call out, and the `fetch` hook to answer"],
  ["https", "use fetch() to call out, and the `fetch` hook to answer"],
  ["inspector", engine],
  ["module", "the bundle is one module; import what is needed statically"],
  ["net", sockets],
  ["os", "a function sees no machine; read `env` for configuration"],
  ["readline", "a function has no terminal"],
  ["repl", "a function has no terminal"],
  ["sea", engine],
  ["sqlite", files],
  ["test", "tests run on the author's machine"],
  ["tls", sockets],
  ["trace_events", engine],
  ["tty", "a function has no terminal"],
  ["v8", engine],
  ["vm", "a function cannot make further contexts"],
  ["wasi", "WebAssembly System Interface needs files and sockets"],
  ["worker_threads", processes],
  ["zlib", "let the node compress answers, or put the npm package `fflate` into node_modules"],
]);

/** What to use instead of the built-in that `specifier` names (`node:fs`, `fs/promises`, …), or null when it is none. */
export function builtinAdvice(specifier: string): string | null {
  const prefixed = specifier.startsWith("node:");
  const name = (prefixed ? specifier.slice("node:".length) : specifier).split("/", 1)[0] ?? "";
  return nodeBuiltins.get(name) ?? (prefixed ? "functions run on web APIs" : null);
}
