// attack: memory and CPU: keys, digests and derivations handed to the host
// limits: cpuMs=3000 fetchWallMs=6000
export default {
  async fetch() {
    const data = new Uint8Array(4_000_000);
    const work = [];
    const key = await crypto.subtle.importKey("raw", data.slice(0, 16), "PBKDF2", false, ["deriveBits"]);
    for (let index = 0; index < 1_000; index++) {
      work.push(crypto.subtle.digest("SHA-512", data));
      work.push(crypto.subtle.deriveBits({ name: "PBKDF2", hash: "SHA-512", salt: data, iterations: 1e8 }, key, 512));
      const rsa = {
        name: "RSA-OAEP",
        modulusLength: 4_096,
        publicExponent: new Uint8Array([1, 0, 1]),
        hash: "SHA-256",
      };
      work.push(crypto.subtle.generateKey(rsa, true, ["encrypt", "decrypt"]));
    }
    await Promise.allSettled(work);
    return new Response("done");
  },
};
