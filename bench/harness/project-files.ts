/** Where this checkout keeps what harnesses start: absolute paths, derived from this file's own place. */
import { fileURLToPath } from "node:url";

/** The checkout's root, without a slash at the end. */
export const projectRoot: string = fileURLToPath(new URL("../..", import.meta.url)).replace(/\/$/, "");

/** The real Node binary (a signal sent to its process id reaches Node itself, not a wrapper). */
export const nodeBinary: string = `${projectRoot}/node_modules/node/bin/node`;

/** Whatever is started finds the same Node first. */
export function pathWithNode(path: string): string {
  return `${projectRoot}/node_modules/.bin:${path}`;
}
