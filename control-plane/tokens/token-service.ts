/**
 * Who may call: API tokens with a role, created, listed, revoked and recognised.
 *
 * Invariants: a token's text is returned once, by `create`, and stored nowhere; there is always one administrator token.
 */
import type { TokenCreated, TokenResource, TokenRole } from "../../sdk/api.ts";
import { timestamp, type Clock } from "../clock.ts";
import { SharedReads } from "../store/shared-reads.ts";
import { conflict, notFound } from "../control-error.ts";
import { requireRoom } from "../quotas/require-room.ts";
import type { AuditTrail } from "../audit/audit-trail.ts";
import type { Store, StoreTables, TokenRow } from "../store.ts";
import { generateToken, hashToken, isSameHash, tokenCharsMax } from "./token-text.ts";

/** Who sent a request. */
export interface Caller {
  readonly tokenId: string;
  readonly name: string;
  readonly role: TokenRole;
}

export interface TokenServiceOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly uniqueId: () => string;
  readonly trail?: Pick<AuditTrail, "name">;
}

export class TokenService {
  readonly #options: TokenServiceOptions;
  /** By hash: every request asks. */
  readonly #rows: SharedReads<TokenRow | null>;
  readonly #revokedListeners = new Set<(tokenId: string) => void>();

  constructor(options: TokenServiceOptions) {
    this.#options = options;
    this.#rows = new SharedReads(options.store, ({ tokens }, hash) => tokens.findByHash(hash));
  }

  /** The caller that `token` belongs to, or null. */
  async authenticate(token: string): Promise<Caller | null> {
    if (token === "" || token.length > tokenCharsMax) return null;
    const hash = hashToken(token);
    const row = await this.#rows.get(hash);
    return row !== null && isSameHash(row.hash, hash) ? { tokenId: row.id, name: row.name, role: row.role } : null;
  }

  async list(): Promise<readonly TokenResource[]> {
    return (await this.#options.store.read(({ tokens }) => tokens.list())).map(toResource);
  }

  /** @throws ControlError LIMIT_REACHED. */
  create(input: { readonly name: string; readonly role: TokenRole }): Promise<TokenCreated> {
    const token = generateToken();
    return this.#options.store.change(async (tables) => {
      await requireRoom(tables, "tokens");
      const created = await this.insert(tables, { ...input, token });
      this.#options.trail?.name(`token/${created.id}`);
      return { ...created, token };
    });
  }

  /** Stores `token` as part of a change of the caller's. */
  async insert(
    tables: StoreTables,
    { name, role, token }: { readonly name: string; readonly role: TokenRole; readonly token: string },
  ): Promise<TokenResource> {
    const { clock, uniqueId } = this.#options;
    const row: TokenRow = { id: uniqueId(), name, role, hash: hashToken(token), createdAt: timestamp(clock) };
    await tables.tokens.insert(row);
    return toResource(row);
  }

  /** @throws ControlError NOT_FOUND, CONFLICT for the last administrator token. */
  async revoke(id: string): Promise<void> {
    await this.#options.store.change(async ({ tokens }) => {
      const row = await tokens.get(id);
      if (row === null) throw notFound(`token "${id}"`);
      const admins = (await tokens.list()).filter(({ role }) => role === "admin");
      if (row.role === "admin" && admins.length === 1) {
        throw conflict("This is the last administrator token: create another one first.");
      }
      await tokens.delete(id);
    });
    for (const listener of this.#revokedListeners) listener(id);
  }

  /** `listener` learns of every token revoked from now on. */
  onRevoked(listener: (tokenId: string) => void): void {
    this.#revokedListeners.add(listener);
  }
}

function toResource({ id, name, role, createdAt }: TokenRow): TokenResource {
  return { id, name, role, createdAt };
}
