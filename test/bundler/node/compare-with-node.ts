/** Runs expressions in an instance and in this Node.js, and tells where they differ: Node itself is the expectation. */
import { createRequire } from "node:module";
import { compileFunction } from "node:vm";
import type { LocalDriver } from "../../../runtime/local-driver.ts";
import { evaluate } from "./run-function.ts";

const requireHere = createRequire(import.meta.url);

/** Their errors have Node's classes but not its codes. */
const withoutCodes: ReadonlySet<string> = new Set(["buffer", "events", "path", "url"]);

/** Expressions that differ, each with both answers. `m` is the module; they may be promises; what they throw is its name and code. */
export async function differences(
  driver: LocalDriver,
  name: string,
  expressions: readonly string[],
): Promise<readonly string[]> {
  const body = bodyOf(expressions, !withoutCodes.has(name));
  const imports = `import m from "node:${name}"; import { Buffer } from "node:buffer";`;
  const ours = (await evaluate(driver, { imports, body })) as readonly unknown[];
  const run = compileFunction(`return (async () => { ${body} })();`, ["m"]) as (m: unknown) => Promise<unknown>;
  // Through JSON, as the others.
  const theirs = JSON.parse(JSON.stringify(await run(requireHere(`node:${name}`)))) as readonly unknown[];
  return expressions.flatMap((expression, index) => {
    const [own, node] = [JSON.stringify(ours[index]), JSON.stringify(theirs[index])];
    return own === node ? [] : [`${expression}\n  here: ${own}\n  Node: ${node}`];
  });
}

function bodyOf(expressions: readonly string[], hasCodes: boolean): string {
  const attempts = expressions.map(
    (expression) =>
      `try { results.push((await (${expression})) ?? null); } catch (e) { results.push("threw " + e.name + (hasCodes ? " " + e.code : "")); }`,
  );
  return `const results = [], hasCodes = ${String(hasCodes)}; ${attempts.join("\n")} return results;`;
}
