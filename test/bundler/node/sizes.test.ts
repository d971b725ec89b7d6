/** Claim: a module of Node.js costs a bundle no more than bundler/NODE.md says, and nothing when it is not used. */
import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { bundleSource } from "../../../bundler/bundle.ts";
import { nodeModuleNames } from "../../../bundler/node-modules.ts";
import { filesInput } from "../run-bundle.ts";

/** Bytes that `code` adds to an empty function, minified. */
async function addedBytes(code: string): Promise<number> {
  const [empty, with_] = await Promise.all(
    ["export default { fetch() {} };", code].map(async (text) => {
      const result = await bundleSource(filesInput({ "index.ts": text }), { minify: true });
      return result.ok ? result.bytes : Number.NaN;
    }),
  );
  return (with_ ?? Number.NaN) - (empty ?? Number.NaN);
}

async function documentedKilobytes(): Promise<ReadonlyMap<string, number>> {
  const text = await readFile(new URL("../../../bundler/NODE.md", import.meta.url), "utf8");
  const rows = text.matchAll(/^\| `([\w/]+)`[^|]*\|\s*([\d.]+)\s*\|/gm);
  return new Map([...rows].map(([, name = "", size = ""]) => [name, Number(size)]));
}

describe("the minified size of", () => {
  it.each(nodeModuleNames)("node:%s is what NODE.md says, within a tenth", async (name) => {
    const bytes = await addedBytes(`import m from "node:${name}"; export default { fetch() { return m; } };`);
    const documented = (await documentedKilobytes()).get(name) ?? Number.NaN;
    expect(bytes / 1_000).toBeLessThan(documented * 1.1 + 0.1);
    expect(bytes / 1_000).toBeGreaterThan(documented * 0.9 - 0.1);
  });

  it.each([
    ["an import that is not used", 'import { Readable } from "node:stream"; export default { fetch() {} };', 0],
    [
      "randomUUID alone",
      'import { randomUUID } from "node:crypto"; export default { fetch: () => randomUUID() };',
      1_500,
    ],
    ["promisify alone", 'import { promisify } from "node:util"; export default { fetch: () => promisify };', 1_200],
    ["process.nextTick", "export default { fetch: () => process.nextTick };", 1_200],
    ["process.env", "export default { fetch: () => process.env.A };", 30],
  ])("%s is small", async (_name, code, bytesMax) => {
    expect(await addedBytes(code)).toBeLessThanOrEqual(bytesMax);
  });
});
