/**
 * Access keys: pairs of an id and a secret with which clients sign requests instead of sending a token.
 *
 * Invariant: a secret is shown once, by `create`; the store has it encrypted, and no log has it.
 */
import { randomBytes } from "node:crypto";
import type { AccessKeyCreated, AccessKeyResource } from "../../sdk/api.ts";
import { timestamp, type Clock } from "../clock.ts";
import { ControlError, notFound } from "../control-error.ts";
import type { AccessKeyRow } from "../functiongraph/fgs-row.ts";
import type { MasterKey } from "../keys/master-key.ts";
import type { Store } from "../store.ts";

/** Keys in the store. */
export const accessKeysMax = 1_000;

export interface AccessKeyServiceOptions {
  readonly store: Store;
  readonly masterKey: MasterKey;
  readonly clock: Clock;
}

/** A key as a signature is checked with it. */
export interface OpenedAccessKey {
  readonly id: string;
  readonly name: string;
  readonly role: AccessKeyRow["role"];
  readonly secret: string;
}

export class AccessKeyService {
  readonly #options: AccessKeyServiceOptions;

  constructor(options: AccessKeyServiceOptions) {
    this.#options = options;
  }

  async list(): Promise<readonly AccessKeyResource[]> {
    return (await this.#options.store.read(({ accessKeys }) => accessKeys.list())).map(toResource);
  }

  /** @throws ControlError LIMIT_REACHED. */
  create(input: Pick<AccessKeyRow, "name" | "role">): Promise<AccessKeyCreated> {
    const { store, masterKey, clock } = this.#options;
    const id = randomBytes(10).toString("hex").toUpperCase();
    const secret = randomBytes(30).toString("base64url");
    const encryptedSecret = masterKey.encrypt(secret, purposeOf(id));
    const row: AccessKeyRow = { ...input, id, encryptedSecret, createdAt: timestamp(clock) };
    return store.change(async ({ accessKeys }) => {
      if ((await accessKeys.list()).length >= accessKeysMax) {
        throw new ControlError("LIMIT_REACHED", {
          message: `There are ${String(accessKeysMax)} access keys, no more are allowed.`,
        });
      }
      await accessKeys.insert(row);
      return { ...toResource(row), secret };
    });
  }

  /** @throws ControlError NOT_FOUND. */
  async delete(id: string): Promise<void> {
    await this.#options.store.change(async ({ accessKeys }) => {
      if ((await accessKeys.get(id)) === null) throw notFound(`access key "${id}"`);
      await accessKeys.delete(id);
    });
  }

  /** Null: there is none of this id. */
  async open(id: string): Promise<OpenedAccessKey | null> {
    const { store, masterKey } = this.#options;
    const row = await store.read(({ accessKeys }) => accessKeys.get(id));
    if (row === null) return null;
    return {
      id: row.id,
      name: row.name,
      role: row.role,
      secret: masterKey.decrypt(row.encryptedSecret, purposeOf(row.id)),
    };
  }
}

function purposeOf(id: string): string {
  return `access-key/${id}`;
}

function toResource({ id, name, role, createdAt }: AccessKeyRow): AccessKeyResource {
  return { id, name, role, createdAt };
}
