/** The text of every source file of this project: what is not installed, built, stored or made to be wrong. */
import { readFileSync, readdirSync } from "node:fs";
import { dirname, join, relative } from "node:path";

export const projectRoot: string = dirname(dirname(import.meta.dirname));

const folders = ["sdk", "bundler", "runtime", "edge-node", "control-plane", "bench", "test"];
/** Authors' code, under authors' rules. */
const foreign = /^(?:sdk\/examples|sdk\/templates|test\/apps\/[^/]+|test\/fixtures|test\/hostile\/programs)\//;

/** Path relative to the project → text. */
export function projectSources(): Map<string, string> {
  const sources = new Map<string, string>();
  for (const folder of folders) {
    for (const entry of readdirSync(join(projectRoot, folder), { recursive: true, withFileTypes: true })) {
      const path = relative(projectRoot, join(entry.parentPath, entry.name)).replaceAll("\\", "/");
      const isSource = entry.isFile() && path.endsWith(".ts") && !path.includes("node_modules/");
      if (!isSource || foreign.test(path)) continue;
      sources.set(path, readFileSync(join(projectRoot, path), "utf8"));
    }
  }
  return sources;
}
