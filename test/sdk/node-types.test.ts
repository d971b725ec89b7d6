/** Claim: what node-*.d.ts declare is what the modules of Node.js in a function have, and programs that use it compile. */
import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { projectRoot } from "../../bench/harness/project-files.ts";
import { nodeModuleNames } from "../../bundler/node-modules.ts";
import { evaluate, startDriver } from "../bundler/node/run-function.ts";
import { temporaryFolder, type TemporaryFolder } from "./project/temporary-project.ts";

const run = promisify(execFile);

/** There, so that code which only asks for them can be bundled; calling them throws. */
const REFUSED =
  /^(?:async_hooks\.(?:createHook|executionAsync(?:Id|Resource)|triggerAsyncId)|process\.(?:abort|chdir|exit)|crypto\.(?:create(?:Cipheriv|Decipheriv|DiffieHellman|ECDH|PrivateKey|PublicKey|Sign|Verify)|diffieHellman|generateKey(?:Pair)?(?:Sync)?|privateDecrypt|publicEncrypt|sign|verify))$/;

let actual: Readonly<Record<string, readonly string[]>>;

beforeAll(async () => {
  const driver = await startDriver();
  const imports = nodeModuleNames.map((name, index) => `import * as m${String(index)} from "node:${name}";`).join("\n");
  const entries = nodeModuleNames.map((name, index) => `"${name}": Object.keys(m${String(index)})`);
  try {
    actual = (await evaluate(driver, { imports, body: `return { ${entries.join(", ")} };` })) as typeof actual;
  } finally {
    await driver.close();
  }
});

/** Module → exported values, `default` aside. Prettier's layout makes the declarations readable without a compiler. */
async function readDeclarations(): Promise<Map<string, Set<string>>> {
  const modules = new Map<string, Set<string>>();
  for (const part of ["buffer", "crypto", "modules", "stream", "text"]) {
    const text = await readFile(join(projectRoot, `sdk/node-${part}.d.ts`), "utf8");
    for (const [, name = "", body = ""] of text.matchAll(/^declare module "([^"]+)" \{\n([^]*?)^\}/gm)) {
      const names = new Set<string>();
      for (const [, exported = ""] of body.matchAll(/^ {2}export (?:const|function|class) (\w+)/gm))
        names.add(exported);
      for (const [, list = ""] of body.matchAll(/^ {2}export \{([^}]*)\}/gm)) {
        for (const item of list.split(",")) names.add(item.trim().replace(/^\w+ as /, ""));
      }
      const whole = /^ {2}export \* from "([^"]+)"/m.exec(body)?.[1];
      for (const exported of modules.get(whole ?? "") ?? []) names.add(exported);
      names.delete("");
      names.delete("default");
      modules.set(name, names);
    }
  }
  return modules;
}

describe("the declared modules of Node.js", () => {
  test.each(nodeModuleNames)("%s has exactly the declared names, with and without its prefix", async (name) => {
    const declared = await readDeclarations();
    const there = (actual[name] ?? []).filter((key) => key !== "default" && !REFUSED.test(`${name}.${key}`));
    expect([...(declared.get(`node:${name}`) ?? [])].toSorted()).toEqual(there.toSorted());
    expect(declared.get(name)).toEqual(declared.get(`node:${name}`));
  });
});

const USES_THEM = `import { AsyncLocalStorage } from "node:async_hooks";
import assert, { strictEqual } from "node:assert";
import strict from "assert/strict";
import { Buffer as NodeBuffer } from "node:buffer";
import crypto, { createHash, randomBytes } from "node:crypto";
import channels from "diagnostics_channel";
import EventEmitter, { once } from "events";
import path from "path";
import { performance as clock } from "node:perf_hooks";
import nodeProcess, { nextTick } from "process";
import querystring from "querystring";
import Stream, { Readable, Transform, type TransformCallback } from "node:stream";
import { text } from "node:stream/consumers";
import { pipeline } from "stream/promises";
import { ReadableStream as WebStream } from "node:stream/web";
import { StringDecoder } from "string_decoder";
import { setTimeout as sleep } from "timers/promises";
import url, { URL as NodeURL, fileURLToPath } from "url";
import util, { promisify, types } from "node:util";

const storage = new AsyncLocalStorage<{ id: string }>();
class Upper extends Transform {
  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    done(null, chunk.toString("utf8").toUpperCase());
  }
}
export default {
  fetch: (request: Request): Promise<Response> =>
    storage.run({ id: "1" }, async () => {
      const bytes: Buffer = NodeBuffer.from("a");
      const digest: string = createHash("sha256").update(bytes).digest("hex") + randomBytes(3).toString("base64url");
      assert(digest);
      assert.equal(1, 1);
      strict.equal(1, 1);
      strictEqual(crypto.randomUUID().length, 36);
      const [first] = await once(new EventEmitter(), "x", { signal: request.signal });
      if (types.isDate(first)) first.getTime();
      await pipeline(Readable.from(["a"]), new Upper(), async (source: AsyncIterable<unknown>) => text(source));
      const web: WebStream<unknown> = Readable.toWeb(new Stream.PassThrough());
      await sleep(1, "v", { signal: request.signal });
      nextTick((value: number) => value, 1);
      process.nextTick(() => undefined);
      setImmediate(() => undefined);
      await promisify((done: (error: Error | null) => void) => done(null))();
      const key: string | undefined = process.env["KEY"] ?? nodeProcess.env["KEY"];
      const decoded = new StringDecoder("utf8").write(Buffer.from([1]));
      const parts = [path.join("a"), decoded, url.parse("x").host, new NodeURL("http://a/").href, fileURLToPath("file:///a")];
      return Response.json([parts, util.inspect(web), querystring.parse("a"), channels.channel("a").name, clock.now(), key, storage.getStore()?.id]);
    }),
};
`;

const USES_OTHERS = `import fs from "node:fs";
import { createCipheriv } from "node:crypto";
import { win32 } from "path";
process.exit(1);
process.env["A"] = "b";
export default [fs, createCipheriv, win32];
`;

describe("an author's program", () => {
  let folder: TemporaryFolder;
  beforeEach(async () => {
    folder = await temporaryFolder();
  });
  afterEach(async () => {
    await folder.remove();
  });

  async function typeCheck(program: string): Promise<string> {
    const extended = join(projectRoot, "sdk/tsconfig.author.json");
    await writeFile(join(folder.path, "tsconfig.json"), JSON.stringify({ extends: extended, include: ["*.ts"] }));
    await writeFile(join(folder.path, "index.ts"), program);
    const tsc = join(projectRoot, "node_modules/typescript/bin/tsc");
    return run(process.execPath, [tsc, "-p", folder.path]).then(
      () => "",
      (error: unknown) => (error as { readonly stdout: string }).stdout,
    );
  }

  test("compiles when it uses what is there", { timeout: 180_000 }, async () => {
    expect(await typeCheck(USES_THEM)).toBe("");
  });

  test("does not compile when it uses anything else", { timeout: 180_000 }, async () => {
    const lines = (await typeCheck(USES_OTHERS)).split("\n").filter((line) => line.includes("error"));
    expect(lines).toHaveLength(5);
  });
});
