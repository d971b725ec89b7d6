/** Claim: what globals-webassembly.d.ts declares is exactly the WebAssembly of a real instance, and authors' imports of .wasm files have a type. */
import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { WasmInstances } from "../runtime/wasm-instance.ts";

let instances: WasmInstances;
beforeAll(async () => {
  instances = await WasmInstances.start();
});
afterAll(() => instances.close());

/** Members of the namespace, and for classes `Name.member` and `Name::static`. */
const COLLECT = `const names = [];
  for (const name of Object.getOwnPropertyNames(WebAssembly)) {
    names.push(name);
    const { prototype } = WebAssembly[name];
    if (prototype === undefined) continue;
    for (const member of Object.getOwnPropertyNames(prototype)) names.push(name + "." + member);
    for (const member of Object.getOwnPropertyNames(WebAssembly[name])) names.push(name + "::" + member);
  }
  return names;`;
const OF_EVERY_CLASS = /(?:\.constructor|::(?:length|name|prototype|arguments|caller)|Error\.(?:name|message))$/;

async function declared(): Promise<string[]> {
  const file = await readFile(new URL("../../sdk/globals-webassembly.d.ts", import.meta.url), "utf8");
  const text = file.slice(0, file.indexOf("declare module"));
  const names = new Set<string>();
  for (const [, name = ""] of text.matchAll(/^ {2}(?:class|const|function) (\w+)/gm)) names.add(name);
  for (const [, name = "", body = ""] of text.matchAll(/^ {2}class (\w+)[^{]*\{\n([^]*?)^ {2}\}/gm)) {
    for (const [, isStatic, member = ""] of body.matchAll(/^ {4}(static )?(?:readonly )?(\w+)[?<(:]/gm)) {
      if (member !== "constructor") names.add(`${name}${isStatic === undefined ? "." : "::"}${member}`);
    }
  }
  return [...names].toSorted();
}

describe("the declared WebAssembly", () => {
  test("is what an instance has, member by member", async () => {
    const actual = (await instances.run({ body: COLLECT })) as string[];
    expect(await declared()).toEqual(actual.filter((name) => !OF_EVERY_CLASS.test(name)).toSorted());
  });

  test("comes with a type for imports of .wasm files", async () => {
    const text = await readFile(new URL("../../sdk/globals-webassembly.d.ts", import.meta.url), "utf8");
    expect(text).toContain('declare module "*.wasm" {');
    expect(text).toContain('declare module "*.wasm?module" {');
  });
});
