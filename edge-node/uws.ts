/**
 * The door to uWebSockets.js: the only file that names the package, and the only one here besides main and config that reads `process`,
 * because which build fits is a property of the running process (platform, ABI, glibc) that nobody else should have to carry.
 *
 * Invariant: importing this file loads nothing; `loadUws` does, and the same build is loaded once however often it is called.
 */
import { createRequire } from "node:module";
import path from "node:path";
import type {
  us_listen_socket,
  us_socket,
  us_socket_context_t,
  HttpRequest,
  HttpResponse,
  TemplatedApp,
  WebSocket,
  WebSocketBehavior,
} from "uWebSockets.js";
import { messageLimits } from "../sdk/limits.ts";
import { uwsBuildFile } from "./uws/build-file.ts";

export type UwsRequest = HttpRequest;
export type UwsResponse = HttpResponse;
export type UwsApp = TemplatedApp;
export type UwsListenSocket = us_listen_socket;
export type UwsSocket<Data> = WebSocket<Data>;
export type UwsSocketBehavior<Data> = WebSocketBehavior<Data>;
/** Needed for an upgrade. */
export type UwsSocketContext = us_socket_context_t;

/** The part of uWebSockets.js that Selvage uses. */
export interface Uws {
  App(): UwsApp;
  us_listen_socket_close(socket: UwsListenSocket): void;
  us_socket_local_port(socket: us_socket): number;
  /** `silent` removes the `uWebSockets` header from answers. */
  _cfg(option: "silent"): void;
}

export interface LoadUwsOptions {
  /** Where a copy for an older glibc is kept. Default: `.cache/selvage` beside the installed package. */
  readonly cacheFolder?: string;
}

/**
 * The library reads this variable once, when it is loaded; its own 4 KiB would refuse what Selvage promises to take. A little more than both limits,
 * so that a head just beyond one of them gets Selvage's answer. (Its bound of 98 header lines is compiled in.)
 */
const HEAD_BYTES_VARIABLE = "UWS_HTTP_MAX_HEADERS_SIZE";
const headBytesMax = messageLimits.urlBytesMax + messageLimits.headerBytesMax + 16_384;

/** Loads the native library. Throws a message for the operator when no build fits this system. */
export function loadUws(options: LoadUwsOptions = {}): Uws {
  const require = createRequire(import.meta.url);
  const packageFolder = path.dirname(require.resolve("uWebSockets.js"));
  const file = uwsBuildFile({
    packageFolder,
    cacheFolder: options.cacheFolder ?? path.join(packageFolder, "..", ".cache", "selvage"),
    platform: process.platform,
    arch: process.arch,
    abi: process.versions.modules,
    glibcVersion: glibcVersion(),
  });
  process.env[HEAD_BYTES_VARIABLE] = String(headBytesMax);
  try {
    const uws = require(file) as Uws;
    uws._cfg("silent");
    return uws;
  } catch (error) {
    throw new Error(
      `Cannot load uWebSockets.js: ${file} does not fit this system (Node.js 24 on macOS, Windows or Linux with glibc 2.36 or newer)`,
      { cause: error },
    );
  }
}

function glibcVersion(): string | undefined {
  if (process.platform !== "linux") return undefined;
  // Without this the report resolves the peer names of every open socket, which may take seconds.
  const reporter: NodeJS.ProcessReport & { excludeNetwork?: boolean } = process.report;
  reporter.excludeNetwork = true;
  const report = reporter.getReport() as { readonly header?: { readonly glibcVersionRuntime?: string } };
  return report.header?.glibcVersionRuntime;
}
