/**
 * The key that everything secret in the store is encrypted under: 32 random bytes in a file of mode 600.
 *
 * Text form of what it encrypts: `enc1.<nonce>.<ciphertext and tag>`, AES-256-GCM with a random nonce; the purpose (for example
 * `environment/hello`) is authenticated with it, so that no row's text opens in another row's place. Invariant: the key leaves this file's
 * object in no form, and a file that others may read is refused.
 */
import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { readFile, rename, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { syncFolder, writeNewFile } from "../blobs/durable-file.ts";

const FORM = "enc1";
const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** What was encrypted does not open with this key. */
export class WrongMasterKey extends Error {
  override readonly name = "WrongMasterKey";
}

export class MasterKey {
  readonly #key: Buffer;

  private constructor(key: Buffer) {
    this.#key = key;
  }

  /** A key of `KEY_BYTES` bytes. */
  static fromBytes(bytes: Uint8Array): MasterKey {
    if (bytes.byteLength !== KEY_BYTES) {
      throw new Error(`Cannot use the master key: received ${String(bytes.byteLength)} bytes, allowed: 32`);
    }
    return new MasterKey(Buffer.from(bytes));
  }

  encrypt(text: string, purpose: string): string {
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv("aes-256-gcm", this.#key, nonce, { authTagLength: TAG_BYTES });
    cipher.setAAD(Buffer.from(`${FORM} ${purpose}`));
    const body = Buffer.concat([cipher.update(text, "utf8"), cipher.final(), cipher.getAuthTag()]);
    return `${FORM}.${nonce.toString("base64url")}.${body.toString("base64url")}`;
  }

  /** @throws WrongMasterKey when `encrypted` was made under another key or for another purpose, or was changed. */
  decrypt(encrypted: string, purpose: string): string {
    const [form, nonce = "", body = ""] = encrypted.split(".");
    const bytes = Buffer.from(body, "base64url");
    try {
      if (form !== FORM || bytes.byteLength < TAG_BYTES) throw new Error("unknown form");
      const tagAt = bytes.byteLength - TAG_BYTES;
      const decipher = createDecipheriv("aes-256-gcm", this.#key, Buffer.from(nonce, "base64url"), {
        authTagLength: TAG_BYTES,
      });
      decipher.setAAD(Buffer.from(`${FORM} ${purpose}`));
      decipher.setAuthTag(bytes.subarray(tagAt));
      return Buffer.concat([decipher.update(bytes.subarray(0, tagAt)), decipher.final()]).toString("utf8");
    } catch (error) {
      throw new WrongMasterKey(
        `Cannot decrypt ${purpose}: the master key is another one, or the stored text was changed`,
        { cause: error },
      );
    }
  }
}

/** The key in `file`, or null when there is no such file. @throws when others may read it or it holds no key. */
export async function readMasterKey(file: string): Promise<MasterKey | null> {
  let text: string;
  try {
    const { mode } = await stat(file);
    if ((mode & 0o077) !== 0) {
      const received = (mode & 0o777).toString(8);
      throw new Error(
        `Cannot use the master key: others may read it: received mode ${received} of ${file}, allowed: 600`,
      );
    }
    text = await readFile(file, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return null;
    throw error;
  }
  if (!/^[0-9a-f]{64}\n?$/.test(text)) {
    throw new Error(`Cannot use the master key: ${file} does not hold 64 hexadecimal digits`);
  }
  return MasterKey.fromBytes(Buffer.from(text.trim(), "hex"));
}

/** Makes a new key in `file`, which is on the disk when this resolves. @throws when the file exists. */
export async function createMasterKey(file: string): Promise<MasterKey> {
  const bytes = randomBytes(KEY_BYTES);
  const unfinished = `${file}.${randomBytes(6).toString("hex")}`;
  await writeNewFile(unfinished, `${bytes.toString("hex")}\n`, { mode: 0o600, durability: "durable" });
  await rename(unfinished, file);
  await syncFolder(dirname(file));
  return MasterKey.fromBytes(bytes);
}
