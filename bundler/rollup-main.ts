/**
 * Process entry of `--bundler rollup`: `node rollup-main.ts --root DIR --entry FILE [--config FILE]`.
 *
 * Prints one line of JSON, a `RollupResult`. Exit codes: 0 bundled, 1 the project has problems, 2 wrong arguments. Whatever the
 * project's plugins print goes to standard error.
 */
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { bundleWithRollup } from "./bundle-with-rollup.ts";

const writeAnswer = process.stdout.write.bind(process.stdout);
process.stdout.write = process.stderr.write.bind(process.stderr);
process.exitCode = await main();

async function main(): Promise<number> {
  const text = { type: "string" } as const;
  let values: { readonly root?: string; readonly entry?: string; readonly config?: string };
  try {
    values = parseArgs({ options: { root: text, entry: text, config: text } }).values;
  } catch (error) {
    return usage(error instanceof Error ? error.message : String(error));
  }
  const { root, entry, config } = values;
  if (root === undefined || entry === undefined) return usage("--root and --entry are needed");
  const project = { root: resolve(root), entry, ...(config === undefined ? {} : { configFile: config }) };
  const result = await bundleWithRollup(project);
  await new Promise<void>((done) => {
    writeAnswer(`${JSON.stringify(result)}\n`, () => {
      done();
    });
  });
  return result.ok ? 0 : 1;
}

function usage(problem: string): number {
  process.stderr.write(`${problem}\nUsage: node rollup-main.ts --root DIR --entry FILE [--config FILE]\n`);
  return 2;
}
