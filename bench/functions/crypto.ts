/**
 * What `crypto` measures: `n` operations, one after the other, and what came out of the last. Bundled with jose into one module, which
 * runs unchanged on Selvage and on workerd.
 */
import type { webcrypto } from "node:crypto";
import { exportSPKI, generateKeyPair, importSPKI, jwtVerify, SignJWT } from "jose";

/** Prepared by the first request: there is no randomness at a module's top level. */
interface Material {
  readonly hmacKey: webcrypto.CryptoKey;
  readonly signatures: ReadonlyMap<number, ArrayBuffer>;
  readonly publicKey: webcrypto.CryptoKey;
  readonly token: string;
}

const sizes: readonly number[] = [1_024, 1_048_576];
const messages: ReadonlyMap<number, Uint8Array<ArrayBuffer>> = new Map(
  sizes.map((size) => [size, new Uint8Array(size).map((_byte, index) => index * 7)]),
);
let material: Promise<Material> | null = null;

async function prepare(): Promise<Material> {
  const secret = new Uint8Array(32).fill(11);
  const hmacKey = await crypto.subtle.importKey("raw", secret, { name: "HMAC", hash: "SHA-256" }, false, [
    "sign",
    "verify",
  ]);
  const signatures = new Map<number, ArrayBuffer>();
  for (const [size, message] of messages) signatures.set(size, await crypto.subtle.sign("HMAC", hmacKey, message));
  const pair = await generateKeyPair("ES256", { extractable: true });
  const publicKey = await importSPKI(await exportSPKI(pair.publicKey), "ES256");
  const payload = { sub: "bench", text: "x".repeat(600) };
  const token = await new SignJWT(payload).setProtectedHeader({ alg: "ES256" }).sign(pair.privateKey);
  return { hmacKey, signatures, publicKey, token };
}

async function run(operation: string, size: number, count: number): Promise<string> {
  const { hmacKey, signatures, publicKey, token } = await (material ??= prepare());
  const message = messages.get(size) ?? new Uint8Array(0);
  const signature = signatures.get(size) ?? new ArrayBuffer(0);
  let last = "";
  for (let index = 0; index < count; index += 1) {
    if (operation === "sha256") {
      const digest = await crypto.subtle.digest("SHA-256", message);
      if (index === count - 1)
        last = [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    } else if (operation === "hmac") {
      last = String(await crypto.subtle.verify("HMAC", hmacKey, signature, message));
    } else {
      last = (await jwtVerify(token, publicKey)).payload.sub ?? "";
    }
  }
  return last;
}

// oxlint-disable-next-line import/no-default-export -- both runtimes take a module's hooks from its default export
export default {
  async fetch(request: Request): Promise<Response> {
    const { pathname, searchParams } = new URL(request.url);
    const size = Number(searchParams.get("bytes") ?? 0);
    const count = Number(searchParams.get("n") ?? 1);
    return new Response(await run(pathname.slice(1), size, count));
  },
};
