/** Hashes and key derivation of noble-hashes, each by its name in the path. */
import { blake2b } from "@noble/hashes/blake2.js";
import { blake3 } from "@noble/hashes/blake3.js";
import { hkdf } from "@noble/hashes/hkdf.js";
import { hmac } from "@noble/hashes/hmac.js";
import { md5, ripemd160, sha1 } from "@noble/hashes/legacy.js";
import { pbkdf2Async } from "@noble/hashes/pbkdf2.js";
import { scrypt } from "@noble/hashes/scrypt.js";
import { sha256, sha384, sha512 } from "@noble/hashes/sha2.js";
import { keccak_256, sha3_256, shake256 } from "@noble/hashes/sha3.js";
import { bytesToHex, hexToBytes, randomBytes, utf8ToBytes } from "@noble/hashes/utils.js";

const hashes: Readonly<Record<string, (message: Uint8Array) => Uint8Array>> = {
  md5,
  sha1,
  ripemd160,
  sha256,
  sha384,
  sha512,
  sha3_256,
  keccak_256,
  blake2b,
  blake3,
  shake256: (message) => shake256(message, { dkLen: 32 }),
};

export default {
  async fetch(request: Request): Promise<Response> {
    const name = new URL(request.url).pathname.slice(1);
    const text = await request.text();
    switch (name) {
      case "streamed":
        return new Response(bytesToHex(sha256.create().update(utf8ToBytes("a")).update(utf8ToBytes("bc")).digest()));
      case "hmac":
        return new Response(bytesToHex(hmac(sha256, utf8ToBytes("Jefe"), utf8ToBytes(text))));
      case "hkdf": {
        const [ikm, salt, info] = ["0b".repeat(22), "000102030405060708090a0b0c", "f0f1f2f3f4f5f6f7f8f9"].map(
          hexToBytes,
        );
        if (!ikm) throw new TypeError("no key");
        return new Response(bytesToHex(hkdf(sha256, ikm, salt, info, 42)));
      }
      case "pbkdf2":
        return new Response(bytesToHex(await pbkdf2Async(sha1, "password", "salt", { c: 2, dkLen: 20 })));
      case "scrypt":
        return new Response(bytesToHex(scrypt("", "", { N: 16, r: 1, p: 1, dkLen: 64 })));
      case "random":
        return Response.json({ bytes: randomBytes(32).length });
      default: {
        const hash = hashes[name];
        return hash ? new Response(bytesToHex(hash(utf8ToBytes(text)))) : new Response(null, { status: 404 });
      }
    }
  },
};
