/** What the host computes while a function waits is the function's CPU time, though isolated-vm does not count it. */
import { expect, test } from "vitest";
import { nodeRuntimeEnvironment } from "../../edge-node/hosts/node-runtime-environment.ts";
import { LocalDriver } from "../../runtime/local-driver.ts";
import { runOnce } from "./driver-run.ts";
import { guestCode } from "./guest-code.ts";

/** On a clock that goes on by 100 ms whenever somebody looks, so that computing takes as long. */
async function outcomeKind(body: string, cpuMs: number = 5_000): Promise<string> {
  const real = nodeRuntimeEnvironment((message) => {
    throw new Error(message);
  });
  let nowMs = 0;
  let usedMs = 0;
  const environment = { ...real, nowMs: () => (nowMs += 100), processCpuMs: () => (usedMs += 1_000_000) };
  const driver = new LocalDriver({ environment, guest: await guestCode(), baseSnapshot: null, spares: 0 });
  await driver.start();
  try {
    const module = `{ async fetch() { ${body}; await new Promise((resolve) => setTimeout(resolve, 30)); return new Response("done"); } }`;
    const limits = { cpuMs, wallMs: 60_000_000, fetchWallMs: 60_000_000 };
    const { outcome } = await runOnce(driver, module, { limits });
    return outcome.kind === "failed" ? outcome.code : outcome.kind;
  } finally {
    await driver.close();
  }
}

test("computing for longer than the CPU limit stops the instance", async () => {
  const digests = `for (let n = 0; n < 80; n += 1) await crypto.subtle.digest("SHA-1", new Uint8Array(1_000))`;
  expect(await outcomeKind(digests)).toBe("FUNCTION_CPU_LIMIT");
});

test("a clock that goes on while nothing is computed stops nobody", async () => {
  expect(await outcomeKind("")).toBe("response");
});

const derive = (iterations: number): string =>
  `const key = await crypto.subtle.importKey("raw", new Uint8Array(16), "PBKDF2", false, ["deriveBits"]);
   const bits = crypto.subtle.deriveBits({ name: "PBKDF2", hash: "SHA-512", salt: new Uint8Array(16), iterations: ${iterations} }, key, 512)`;

test.each([
  ["random bytes", "crypto.getRandomValues(new Uint8Array(65_536))"],
  ["domains", "new URL(`http://ä${n}.example/`)"],
  ["whether something is supported", 'SubtleCrypto.supports("digest", "SHA-256")'],
])("asking for %s again and again stops the instance, too", async (_, ask) => {
  expect(await outcomeKind(`for (let n = 0; n < 100; n += 1) ${ask}`)).toBe("FUNCTION_CPU_LIMIT");
});

test("so does what the host's threads compute while the function waits for it", async () => {
  expect(await outcomeKind(`${derive(1_000_000)}; await bits`)).toBe("FUNCTION_CPU_LIMIT");
});

test("and while it waits for something else", async () => {
  const wait = "await new Promise((resolve) => setTimeout(resolve, 20_000))";
  expect(await outcomeKind(`${derive(1_000_000)}; ${wait}`)).toBe("FUNCTION_CPU_LIMIT");
});

test("a brief operation counts for no more than such a one can take", async () => {
  const encrypt = `const key = await crypto.subtle.generateKey({ name: "AES-GCM", length: 128 }, false, ["encrypt"]);
    for (let n = 0; n < 80; n += 1) await crypto.subtle.encrypt({ name: "AES-GCM", iv: new Uint8Array(12) }, key, new Uint8Array(9))`;
  expect(await outcomeKind(encrypt)).toBe("response");
});

test("compression counts as far as its bytes can take", async () => {
  const compress = `const stream = new Blob([new Uint8Array(2 ** 21)]).stream().pipeThrough(new CompressionStream("gzip"));
    await new Response(stream).arrayBuffer()`;
  expect(await outcomeKind(compress, 300)).toBe("FUNCTION_CPU_LIMIT");
  expect(await outcomeKind(compress)).toBe("response");
});
