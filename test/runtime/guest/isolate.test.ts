/**
 * The guest where it really runs: bundled by esbuild, frozen into a snapshot, restored in a bare isolate. Proves that nothing
 * outside ECMAScript is needed, that the snapshot is small, and that a real package (jose) works on it.
 */
import { readFile } from "node:fs/promises";
import { webcrypto } from "node:crypto";
import { fileURLToPath } from "node:url";
import { domainToASCII } from "node:url";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { HostSubtle } from "../../../runtime/host-operations/subtle.ts";
import { ThreadPool } from "../../../runtime/host-operations/thread-pool.ts";
import { type Context, type ExternalCopy, type Isolate, ivm } from "../../../runtime/isolates/isolated-vm.ts";
import { guestCode } from "../guest-code.ts";

const guestFolder = fileURLToPath(new URL("../../../runtime/guest/", import.meta.url));
const root = fileURLToPath(new URL("../../../", import.meta.url));

const guestEntry = `
  import { installGlobals, removeSharedMemory } from "./install-globals.ts";
  import { connectHostPort } from "./host-port.ts";
  import { coreModules } from "./parts/core-modules.ts";
  import { connectPartSources, shareCoreModules } from "./parts/load-part.ts";
  import { installPartGlobals } from "./parts/part-globals.ts";
  import { errorFromHost } from "./web/core/host-error.ts";
  shareCoreModules(coreModules);
  installGlobals(globalThis);
  installPartGlobals(globalThis);
  Object.defineProperty(globalThis, "guest", { value: { connectHostPort, connectPartSources, errorFromHost, removeSharedMemory }, enumerable: false });
`;

/** $0 performs a call, $1 is domainToAscii, $2 gives random bytes. */
const connect = `
  guest.connectHostPort({
    call: async (operation, json, buffers) => {
      const answer = await $0.apply(undefined, [operation, json, buffers], { arguments: { copy: true }, result: { promise: true, copy: true } });
      if (answer.error !== undefined) throw guest.errorFromHost(answer.error.name, answer.error.message);
      return answer;
    },
    domainToAscii: (domain) => $1(domain),
    randomBytes: (lengthBytes) => $2(lengthBytes).buffer,
    compute: () => "",
    monotonicMs: () => 1,
    log() {},
  });
`;

async function bundle(contents: string, resolveDir: string): Promise<string> {
  const aliases = JSON.parse(await readFile(`${guestFolder}bundle-aliases.json`, "utf8")) as Record<string, string>;
  const result = await build({
    stdin: { contents, resolveDir, loader: "ts" },
    alias: Object.fromEntries(Object.entries(aliases).map(([name, file]) => [name, guestFolder + file])),
    bundle: true,
    format: "iife",
    target: "node24",
    platform: "neutral",
    mainFields: ["module", "main"],
    minifyWhitespace: true,
    minifySyntax: true,
    write: false,
  });
  return result.outputFiles[0]?.text ?? "";
}

let snapshot: ExternalCopy<ArrayBuffer>;
let isolate: Isolate;
let context: Context;

beforeAll(async () => {
  const code = await bundle(guestEntry, guestFolder);
  snapshot = ivm.Isolate.createSnapshot([{ code, filename: "guest.js" }]);
  isolate = new ivm.Isolate({ snapshot, memoryLimit: 64 });
  context = await isolate.createContext();
  await connectParts(context);
});

async function connectParts(into: Context): Promise<void> {
  const { parts } = await guestCode();
  const source = new ivm.Callback((name: string) => parts.get(name) ?? "");
  await into.evalClosure("guest.connectPartSources((name) => $0(name));", [source]);
}

afterAll(() => {
  isolate.dispose();
});

async function run<T>(code: string): Promise<T> {
  return JSON.parse((await context.eval(code, { promise: true, copy: true })) as string) as T;
}

const subtle = new HostSubtle(webcrypto, new ThreadPool(() => 0).user("version"));

async function connectHost(): Promise<void> {
  const call = async (operation: string, json: string, buffers: ArrayBuffer[]): Promise<unknown> => {
    try {
      return await subtle.call(operation, json, buffers);
    } catch (error) {
      const { name, message } = error as Error;
      return { error: { name, message } };
    }
  };
  await context.evalClosure(connect, [
    new ivm.Reference(call),
    new ivm.Callback((domain: string) => domainToASCII(domain)),
    new ivm.Callback((length: number) => webcrypto.getRandomValues(new Uint8Array(length))),
  ]);
}

describe("the guest in a bare isolate", () => {
  test("its snapshot is at most 1 MiB and an instance's heap at most 2 MiB", async () => {
    expect(snapshot.copy().byteLength).toBeLessThanOrEqual(1_048_576);
    expect((await isolate.getHeapStatistics()).used_heap_size).toBeLessThanOrEqual(2_097_152);
  });

  test("before the host is connected, what needs it throws a clear error, and the rest works", async () => {
    const answers = await run<Record<string, string>>(`(() => {
      const attempt = (action) => { try { return String(action()); } catch (error) { return error.message; } };
      return JSON.stringify({
        random: attempt(() => crypto.randomUUID()),
        timer: attempt(() => setTimeout(() => {}, 1)),
        log: attempt(() => console.log("x")),
        now: attempt(() => performance.now()),
        url: attempt(() => new URL("/a b?c='d'", "http://EXAMPLE.com:80/").href),
        text: attempt(() => new TextDecoder().decode(new TextEncoder().encode("hé€😀"))),
      });
    })()`);
    expect(answers["random"]).toContain("module's top level");
    expect(answers["timer"]).toContain("module's top level");
    expect([answers["log"], answers["now"]]).toEqual(["undefined", "0"]);
    expect([answers["url"], answers["text"]]).toEqual(["http://example.com/a%20b?c=%27d%27", "hé€😀"]);
  });

  test("shared memory and blocking waits are gone, WebAssembly stays", async () => {
    // V8 puts SharedArrayBuffer back into every restored context.
    await context.eval("guest.removeSharedMemory(globalThis)");
    const types = "JSON.stringify([typeof SharedArrayBuffer, typeof Atomics.wait, typeof WebAssembly, typeof self])";
    expect(await run(types)).toEqual(["undefined", "undefined", "object", "object"]);
  });

  test("globals have the attributes of the web", async () => {
    const attributes = await run<Record<string, unknown>>(`JSON.stringify(Object.fromEntries(
      ["Request", "URL", "ReadableStream", "fetch", "setTimeout", "self"].map((name) => {
        // The global of a part is the property it should be once it was read.
        void globalThis[name];
        const { writable, enumerable, configurable } = Object.getOwnPropertyDescriptor(globalThis, name);
        return [name, [writable, enumerable, configurable]];
      })))`);
    for (const name of ["Request", "URL", "ReadableStream"]) expect(attributes[name]).toEqual([true, false, true]);
    for (const name of ["fetch", "setTimeout", "self"]) expect(attributes[name]).toEqual([true, true, true]);
    expect(
      await run(
        `JSON.stringify([Object.prototype.toString.call(new Headers()), Object.keys(Request.prototype).includes("url")])`,
      ),
    ).toEqual(["[object Headers]", true]);
  });

  test("every interface keeps its name in the bundle", async () => {
    const misnamed = `JSON.stringify(Object.getOwnPropertyNames(globalThis)
      .filter((name) => /^[A-Z]/.test(name) && typeof globalThis[name] === "function")
      .filter((name) => globalThis[name].name !== name || (globalThis[name].prototype?.[Symbol.toStringTag] ?? name) !== name))`;
    expect(await run(misnamed)).toEqual([]);
  });

  test("URLs with the aliases in place are Node's", async () => {
    await connectHost();
    const inputs = [
      "http://bücher.example/ü?ü=ü#ü",
      "http://xn--bcher-kva.example/",
      "http://xn--a/",
      "http://EXAMPLE.com/%41?'\"<>`{}|",
      "http://ex%41mple.com/",
      "http://a\u0000b/",
      "http://a%00b/",
      "http://日本語。jp/",
      "http://\u00ad/",
      "http://1.2.3/",
      "http://[::1%]/",
      "data:text/plain,é \ud800",
      "custom://h\u00fcst/path",
      "file:///C|/a/../b",
      "http://user:p%40ss@h.x:99/?\ud83d\ude00",
    ];
    const ours = await run(`JSON.stringify(${JSON.stringify(inputs)}.map((input) => URL.parse(input)?.href ?? null))`);
    expect(ours).toEqual(inputs.map((input) => globalThis.URL.parse(input)?.href ?? null));
  });

  test("tampering with prototypes does not reach the crossing of messages", async () => {
    const tampered = await isolate.createContext();
    const code = `(() => {
      Headers.prototype.get = () => "spoofed";
      Object.defineProperty(Response.prototype, "status", { value: 1 });
      Array.prototype[Symbol.iterator] = () => { throw new Error("iterated"); };
      Object.prototype.then = () => { throw new Error("then"); };
      Object.prototype.get = () => { throw new Error("get"); };
      const response = new Response("x", { headers: { a: "b" } });
      return String(response.headers.has("a"));
    })()`;
    expect(await tampered.eval(code)).toBe("true");
    tampered.release();
  });
});

const josePrograms = `
  import * as jose from "jose";
  const secret = new TextEncoder().encode("0123456789abcdef0123456789abcdef");
  async function roundTrip(alg, signingKey, verificationKey) {
    const token = await new jose.SignJWT({ role: "admin" }).setProtectedHeader({ alg, kid: "k" }).setSubject("me").setExpirationTime("1h").sign(signingKey);
    const { payload } = await jose.jwtVerify(token, verificationKey);
    const [head, body, signature] = token.split(".");
    const forged = [head, body, signature.slice(0, -4) + (signature.endsWith("AAAA") ? "BBBB" : "AAAA")].join(".");
    const refusal = await jose.jwtVerify(forged, verificationKey).catch((error) => error.code);
    return [payload.sub, payload.role, refusal];
  }
  async function asymmetric(alg) {
    const { publicKey, privateKey } = await jose.generateKeyPair(alg, { extractable: true });
    const jwk = { ...(await jose.exportJWK(publicKey)), kid: "k", alg };
    const imported = await jose.importPKCS8(await jose.exportPKCS8(privateKey), alg);
    return roundTrip(alg, imported, jose.createLocalJWKSet({ keys: [jwk] }));
  }
  async function encrypted() {
    const token = await new jose.EncryptJWT({ a: 1 }).setProtectedHeader({ alg: "dir", enc: "A256GCM" }).encrypt(secret);
    return (await jose.jwtDecrypt(token, secret)).payload.a;
  }
  globalThis.joseResult = (async () => JSON.stringify({
    HS256: await roundTrip("HS256", secret, secret),
    RS256: await asymmetric("RS256"),
    ES256: await asymmetric("ES256"),
    EdDSA: await asymmetric("EdDSA"),
    encrypted: await encrypted(),
    thumbprint: await jose.calculateJwkThumbprint({ kty: "oct", k: "c2VjcmV0" }),
  }))();
`;

test("jose signs, verifies, refuses and decrypts in the isolate", async () => {
  await connectHost();
  await context.eval(await bundle(josePrograms, root));
  const signed = ["me", "admin", "ERR_JWS_SIGNATURE_VERIFICATION_FAILED"];
  expect(await run("joseResult")).toEqual({
    HS256: signed,
    RS256: signed,
    ES256: signed,
    EdDSA: signed,
    encrypted: 1,
    thumbprint: expect.stringMatching(/^[\w-]{43}$/) as string,
  });
});
