/** The door to isolated-vm: the only file that imports it. Needs `--no-node-snapshot` on the command line of the process. */
import ivm from "isolated-vm";

export { ivm };
export type { Context, Copy, ExternalCopy, Isolate, Reference } from "isolated-vm";
