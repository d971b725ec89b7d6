/**
 * No app, only claims of the type check. Beside the apps in one program, neither `dom` nor Node's types are there: a package whose
 * types bring them makes an expected error below vanish, which is an error; its app then moves to tsconfig.foreign.json. And
 * what everybody writes compiles.
 */

// @ts-expect-error -- of lib.dom
export const page = (): unknown => document;
// @ts-expect-error -- of @types/node
export type Timer = NodeJS.Timeout;

export const pause = (ms: number): Promise<unknown> => new Promise((resolve) => setTimeout(resolve, ms));
export const later = (text: string): number => setTimeout((value: string) => value.trim(), 1, text);
// @ts-expect-error -- the promise would be given nothing
export const never = (): Promise<string> => new Promise<string>((resolve) => setTimeout(resolve, 1));

interface Chunks extends ReadableStream {
  readonly allReady: Promise<void>;
}
export const answer = (chunks: Chunks): Response => new Response(chunks);

export async function keys(): Promise<readonly CryptoKey[]> {
  const { subtle } = crypto;
  const pairs = [
    await subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, true, ["sign", "verify"]),
    await subtle.generateKey("Ed25519", true, ["sign", "verify"]),
    await subtle.generateKey(
      { name: "RSA-PSS", modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]), hash: "SHA-256" },
      true,
      ["sign", "verify"],
    ),
  ];
  return [
    ...pairs.map(({ privateKey }) => privateKey),
    await subtle.generateKey({ name: "AES-GCM", length: 256 }, true, ["encrypt", "decrypt"]),
    await subtle.generateKey({ name: "HMAC", hash: "SHA-256" }, true, ["sign", "verify"]),
  ];
}
