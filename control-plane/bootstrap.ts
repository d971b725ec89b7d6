/**
 * The first start: keys, the administrator's token and a token for nodes on the same machine; every later start finds them.
 *
 * Invariants: the store is bootstrapped as a whole or not at all, after any crash, and once however many control planes start on it; a token's text
 * is told once and kept nowhere but in `<data>/node-token`, which only the owner may read; a store is opened with the master key it was encrypted
 * under, which the signing key in it proves, or not at all.
 */
import { rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { SigningKey } from "../bundler/artifact.ts";
import { syncFolder, writeNewFile } from "./blobs/durable-file.ts";
import { timestamp, type Clock } from "./clock.ts";
import { createMasterKey, readMasterKey, WrongMasterKey, type MasterKey } from "./keys/master-key.ts";
import { createSigningKey, readSigningKey } from "./keys/signing-keys.ts";
import type { Store } from "./store.ts";
import type { TokenService } from "./tokens/token-service.ts";
import { generateToken } from "./tokens/token-text.ts";

export interface BootstrapOptions {
  readonly store: Store;
  readonly tokens: TokenService;
  readonly clock: Clock;
  /** Folder of the control plane's files. */
  readonly data: string;
  readonly masterKeyFile: string;
  /** The administrator's token at the first start; null: one is made and announced. */
  readonly adminToken: string | null;
  /** Tells the operator one line. */
  readonly announce: (line: string) => void;
}

export interface Keys {
  readonly masterKey: MasterKey;
  readonly signingKey: SigningKey;
}

/** Name of the token file in the data folder. */
export const nodeTokenFile = "node-token";

/** @throws when the master key is missing, readable by others, or not the store's. */
export async function bootstrap(options: BootstrapOptions): Promise<Keys> {
  const { store, masterKeyFile } = options;
  const bootstrappedAt = await store.read(({ settings }) => settings.get("bootstrapped_at"));
  const found = await readMasterKey(masterKeyFile);
  if (found === null && bootstrappedAt !== null) {
    throw new Error(
      `Cannot start: the master key is missing: received no file ${masterKeyFile}, and the store was encrypted under one since ${bootstrappedAt}`,
    );
  }
  const masterKey = found ?? (await createMasterKey(masterKeyFile));
  const isFirst = bootstrappedAt === null && (await firstStart(options, masterKey));
  // Another control plane set the store up at this moment: what was made here for it fits nothing.
  if (bootstrappedAt === null && !isFirst && found === null) await rm(masterKeyFile, { force: true });
  return { masterKey, signingKey: await openSigningKey(options, masterKey) };
}

/** The signing key is the value stored under the master key that tells whether this is the one. */
async function openSigningKey({ store, masterKeyFile }: BootstrapOptions, masterKey: MasterKey): Promise<SigningKey> {
  try {
    return await store.read((view) => readSigningKey(view, masterKey));
  } catch (cause) {
    if (!(cause instanceof WrongMasterKey)) throw cause;
    throw new Error(
      `Cannot start: the master key is not the one this store was encrypted under: received ${masterKeyFile}, ` +
        "allowed: a copy of the file that every control plane of this store uses",
      { cause },
    );
  }
}

/** Whether this control plane was the first on the store. */
async function firstStart(options: BootstrapOptions, masterKey: MasterKey): Promise<boolean> {
  const { store, tokens, clock, data, adminToken, announce } = options;
  const nodeToken = generateToken();
  const file = join(data, nodeTokenFile);
  await replaceFile(file, `${nodeToken}\n`);
  const isFirst = await store.change(async (tables) => {
    if ((await tables.settings.get("bootstrapped_at")) !== null) return false;
    await createSigningKey(tables, masterKey);
    await tokens.insert(tables, { name: "local nodes", role: "node", token: nodeToken });
    const token = adminToken ?? generateToken();
    await tokens.insert(tables, { name: "administrator", role: "admin", token });
    await tables.revisions.next(timestamp(clock));
    await tables.settings.put("bootstrapped_at", timestamp(clock));
    // Told before it is stored: a crash in between leaves a token that does not work and a next start that tells another.
    if (adminToken === null) announce(`Administrator token (shown once): ${token}`);
    return true;
  });
  if (!isFirst) await rm(file, { force: true });
  return isFirst;
}

async function replaceFile(file: string, text: string): Promise<void> {
  const unfinished = `${file}.new`;
  await rm(unfinished, { force: true });
  await writeNewFile(unfinished, text, { mode: 0o600, durability: "durable" });
  await rename(unfinished, file);
  await syncFolder(dirname(file));
}
