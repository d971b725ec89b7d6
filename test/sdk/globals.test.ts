/** Claim: what sdk/globals*.d.ts declare is exactly what a real instance has. */
import { readdir, readFile } from "node:fs/promises";
import { runInNewContext } from "node:vm";
import { beforeAll, describe, expect, test } from "vitest";
import { nodeRuntimeEnvironment } from "../../edge-node/hosts/node-runtime-environment.ts";
import { LocalDriver } from "../../runtime/local-driver.ts";
import { headerEntries } from "../../sdk/header-text.ts";
import { invocationOf, versionOf } from "../runtime/driver-fixtures.ts";
import { guestCode } from "../runtime/guest-code.ts";

/** Global names; for classes `Name.member` and `Name::static` as well. */
type Names = ReadonlySet<string>;

/** Runs inside an instance: every global with the members it has of its own. */
const COLLECT = `{ fetch() {
  const names = [];
  for (const name of Object.getOwnPropertyNames(globalThis)) {
    names.push(name);
    const value = globalThis[name];
    if (typeof value !== "function" || typeof value.prototype !== "object" || !/^[A-Z]/.test(name)) continue;
    for (const member of Object.getOwnPropertyNames(value.prototype)) names.push(name + "." + member);
    for (const member of Object.getOwnPropertyNames(value)) names.push(name + "::" + member);
  }
  return new Response(null, { headers: { "x-names": names.join(" ") } });
} }`;

let actual: Names;
let declared: Names;

beforeAll(async () => {
  const environment = nodeRuntimeEnvironment((message) => {
    throw new Error(message);
  });
  const driver = new LocalDriver({ environment, guest: await guestCode(), baseSnapshot: null, spares: 0 });
  await driver.start();
  try {
    const version = versionOf(COLLECT, {});
    await driver.load(version);
    const refuse = (): Promise<never> => Promise.reject(new Error("no network"));
    const host = { fetch: refuse, connect: refuse, log: () => undefined };
    const outcome = await driver.invoke(invocationOf(version.key, {}), host).outcome;
    if (outcome.kind !== "response") throw new Error(`Cannot list globals: ${JSON.stringify(outcome)}`);
    actual = new Set((new Map(headerEntries(outcome.headers)).get("x-names") ?? "").split(" "));
  } finally {
    await driver.close();
  }
  declared = await readDeclarations();
});

/** Prettier's layout makes the declarations readable without a compiler. */
async function readDeclarations(): Promise<Names> {
  const names = new Set<string>();
  const folder = new URL("../../sdk/", import.meta.url);
  const files = (await readdir(folder)).filter((file) => /^globals.*\.d\.ts$/.test(file));
  for (const file of files) {
    const text = await readFile(new URL(file, folder), "utf8");
    for (const [, name = ""] of text.matchAll(/^declare (?:var|function|class) (\w+)/gm)) names.add(name);
    for (const [, name = "", body = ""] of text.matchAll(/^declare class (\w+)[^{]*\{\n([^]*?)^\}/gm))
      addMembers(names, { name, body });
    const bodyMembers = /^interface Body \{\n([^]*?)^\}/m.exec(text)?.[1];
    if (bodyMembers === undefined) continue;
    for (const name of ["Request", "Response"]) addMembers(names, { name, body: bodyMembers });
  }
  return names;
}

function addMembers(names: Set<string>, { name, body }: { readonly name: string; readonly body: string }): void {
  for (const [, isStatic, member = ""] of body.matchAll(/^ {2}(static )?(?:readonly )?(\w+)[?<(:]/gm)) {
    if (member === "constructor" || member === "private") continue;
    names.add(`${name}${isStatic === undefined ? "." : "::"}${member}`);
  }
}

/** What every context has: the language itself. */
const LANGUAGE: Names = new Set(runInNewContext("Object.getOwnPropertyNames(globalThis)") as string[]);
/** Kept by the standards for old pages, or a library's own: there, but nothing an author should write. */
const LEGACY =
  /^(?:DOMException(?:\.|::)\w+_ERR|Event\.(?:srcElement|returnValue|cancelBubble|initEvent)|CustomEvent\.initCustomEvent|MessageEvent\.initMessageEvent|Request\.is(?:Reload|History)Navigation|AbortSignal\.addEventListener|WritableStreamDefaultController\.abortReason)$/;
/** An instance's own property by the standard, not its prototype's. */
const UNFORGEABLE = "Event.isTrusted";
const OF_EVERY_FUNCTION: Names = new Set(["length", "name", "prototype"]);

describe("the declared globals", () => {
  test("exist in an instance, with every declared member", () => {
    expect(declared.size).toBeGreaterThan(250);
    expect([...declared].filter((name) => !actual.has(name) && name !== UNFORGEABLE)).toEqual([]);
  });

  test("are all an instance has, with every member", () => {
    const undeclared = [...actual].filter((name) => {
      const [owner = "", member] = name.split(/\.|::/);
      if (owner.startsWith("__selvage") || LEGACY.test(name)) return false;
      if (member === undefined) return !declared.has(owner) && !(LANGUAGE.has(owner) && owner !== "console");
      if (!declared.has(owner)) return false;
      return member !== "constructor" && !OF_EVERY_FUNCTION.has(member) && !declared.has(name);
    });
    expect(undeclared).toEqual([]);
  });
});
