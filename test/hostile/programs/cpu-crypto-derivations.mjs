// attack: CPU: derivations and keys that would keep the host's threads for hours, and hundreds that wait when the function is stopped
export default {
  async fetch() {
    const key = await crypto.subtle.importKey("raw", new Uint8Array(16), "PBKDF2", false, ["deriveBits"]);
    const derive = (bits) => {
      const algorithm = { name: "PBKDF2", hash: "SHA-512", salt: new Uint8Array(16), iterations: 1_000_000 };
      crypto.subtle.deriveBits(algorithm, key, bits).catch(() => {});
    };
    for (let index = 0; index < 4; index++) derive(2 ** 22);
    for (let index = 0; index < 10; index++) {
      crypto.subtle.generateKey({ name: "HMAC", hash: "SHA-256", length: 2 ** 30 }, false, ["sign"]).catch(() => {});
    }
    for (let index = 0; index < 900; index++) derive(512);
    await new Promise((resolve) => setTimeout(resolve, 100));
    return new Response("sent");
  },
};
