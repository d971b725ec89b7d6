/** Which commit a report is about. Results that a bench run itself writes don't make the checkout dirty. */
import { runToEnd } from "./child-process.ts";
import { projectRoot } from "./project-files.ts";

/** The short commit id, with `-dirty` when other files than results differ from it, or `unknown` outside a git checkout. */
export async function measuredCommit(env: Readonly<Record<string, string>>): Promise<string> {
  const head = await git(["rev-parse", "--short", "HEAD"], env);
  if (head === null) return "unknown";
  const changes = await git(["status", "--porcelain", "--", ".", ":!bench/results"], env);
  return changes === "" ? head : `${head}-dirty`;
}

async function git(args: readonly string[], env: Readonly<Record<string, string>>): Promise<string | null> {
  try {
    const options = { name: "git", command: "git", args: ["-C", projectRoot, ...args], env };
    const { code, stdout } = await runToEnd(options, 10_000);
    return code === 0 ? stdout.trim() : null;
  } catch {
    return null;
  }
}
