/** `node:path/posix`: all paths here are. */
export * from "./path.ts";
export { default } from "./path.ts";
