/**
 * The walls of this project as data: who may import whom, which file is the door to which package, who may touch the process.
 * `violations.ts` holds sources against it.
 */

export type TopFolder = "sdk" | "bundler" | "runtime" | "edge-node" | "control-plane" | "bench" | "test";

/** Folder → folders that it may import besides itself. */
export const mayImport: Readonly<Record<TopFolder, readonly TopFolder[]>> = {
  sdk: [],
  bundler: ["sdk"],
  runtime: ["sdk"],
  "edge-node": ["runtime", "sdk"],
  "control-plane": ["bundler", "sdk"],
  bench: ["sdk", "bundler", "runtime", "edge-node", "control-plane"],
  test: ["sdk", "bundler", "runtime", "edge-node", "control-plane", "bench"],
};

/** Folders that may look into the sub-folders of others. */
export const mayLookInside: ReadonlySet<TopFolder> = new Set<TopFolder>(["bench", "test"]);

/** Single files that may import more than their folder. */
export const importExceptions: readonly {
  readonly from: string;
  readonly to: string;
  readonly reason: string;
}[] = [
  {
    from: "control-plane/builder/builder-main.ts",
    to: "runtime/evaluate-module.ts",
    reason: "the expendable builder evaluates modules as nodes do",
  },
  {
    from: "control-plane/builder/builder-main.ts",
    to: "runtime/guest-code.ts",
    reason: "the builder is handed the guest as the build step left it",
  },
  {
    from: "control-plane/builder/builder-main.ts",
    to: "runtime/runtime-key.ts",
    reason: "a snapshot is named after the runtime that made it",
  },
];

/** Files outside the folders that everybody may import. */
export const sharedFiles: ReadonlySet<string> = new Set(["package.json"]);

/** Heavy package → the only file that imports it. */
export const doors: Readonly<Record<string, string>> = {
  esbuild: "bundler/esbuild.ts",
  rollup: "bundler/rollup.ts",
  re2js: "sdk/domain-regex.ts",
  "isolated-vm": "runtime/isolates/isolated-vm.ts",
  "uWebSockets.js": "edge-node/uws.ts",
  "node:sqlite": "control-plane/store/sqlite.ts",
  pg: "control-plane/store/postgres.ts",
  "@nats-io/jetstream": "control-plane/calls/nats-streams.ts",
  "@nats-io/transport-node": "control-plane/calls/nats-streams.ts",
};

/** Other importers of those packages, each with its reason. */
export const doorExceptions: Readonly<Record<string, string>> = {
  "control-plane/calls/nats-setup.ts": "connects, prepares streams and names errors for the door to NATS",
  "test/support/postgres-server.ts": "makes databases for tests",
  "test/runtime/guest/isolate.test.ts": "bundles guests of its own, with other entries",
};

/** Programs and configuration readers: where the process ends and the code begins. */
export const entryFileName: RegExp = /(?:^|[/-])(?:main|config)\.ts$|-main\.ts$/;

/** Other files that touch the process, each with its reason. */
export const processExceptions: Readonly<Record<string, string>> = {
  "bench/harness/send-signal.ts": "signals what the harness started",
  "bench/harness/nats-server.ts": "finds a program of the system by PATH",
  "edge-node/hosts/base-snapshot.ts": "starts another program under this very Node",
  "edge-node/hosts/choose-sandbox.ts": "asks what this machine allows for isolate hosts",
  "edge-node/hosts/host-process.ts": "starts isolate hosts under this very Node",
  "edge-node/hosts/node-runtime-environment.ts": "measures the CPU time of this process",
  "edge-node/uws.ts": "chooses the native build for this platform and ABI",
  "sdk/cli/processes/child.ts": "signals the process group of what it started",
  "sdk/node-modules.d.ts": "declares the module for authors",
  "sdk/node-text.d.ts": "declares another name of that module for authors",
};

/** What code in `runtime` (outside `runtime/guest`, which sees none of it) may import of Node.js: nothing that reaches the world. */
export const runtimeBuiltins: ReadonlySet<string> = new Set([
  "node:buffer",
  "node:crypto",
  "node:os",
  "node:stream",
  "node:url",
  "node:util",
  "node:v8",
  "node:zlib",
]);

/** Globals that are the outside world; `runtime` gets them injected. */
export const worldGlobals: ReadonlySet<string> = new Set([
  "Date",
  "fetch",
  "performance",
  "process",
  "setImmediate",
  "setInterval",
  "setTimeout",
]);

/** Files that import what they are told to when they run, each with its reason. */
export const computedImports: Readonly<Record<string, string>> = {
  "bundler/bundle-with-rollup.ts": "loads the project's rollup configuration, on its author's machine",
  "bundler/rollup.ts": "loads the project's own rollup, on its author's machine",
};

/** Names that say nothing about what a file is for. */
export const emptyFileNames: RegExp = /(?:^|\/)(?:index|utils?|helpers?|common|managers?|misc)\.[a-z]+$/;

export const functionCodeLinesMax = 70;
export const fileLinesMax = 400;
