/** Claims about how a token is recognised; what routes do with it is in access.test.ts. */
import { timingSafeEqual } from "node:crypto";
import { beforeEach, describe, expect, it, vi } from "vitest";
import type { Store, TokenRow } from "../../../control-plane/store.ts";
import { TokenService } from "../../../control-plane/tokens/token-service.ts";
import { generateToken, hashToken, isGeneratedToken, tokenCharsMax } from "../../../control-plane/tokens/token-text.ts";
import { FakeClock } from "../fake-clock.ts";

vi.mock(import("node:crypto"), async (original) => {
  const crypto = await original();
  return { ...crypto, timingSafeEqual: vi.fn(crypto.timingSafeEqual) };
});
const compared = vi.mocked(timingSafeEqual);
beforeEach(() => {
  compared.mockClear();
});

/** A service whose store finds `row` for any hash; the hashes it was asked for. */
function serviceThatFinds(row: Partial<TokenRow> | null): {
  readonly service: TokenService;
  readonly hashes: string[];
} {
  const hashes: string[] = [];
  const findByHash = (hash: string): Promise<typeof row> => {
    hashes.push(hash);
    return Promise.resolve(row);
  };
  const store = {
    read: (work: (tables: object) => unknown) => Promise.resolve(work({ tokens: { findByHash } })),
  } as unknown as Store;
  return { service: new TokenService({ store, clock: new FakeClock(), uniqueId: () => "id" }), hashes };
}

describe("TokenService.authenticate()", () => {
  const token = generateToken();

  it("compares digests in constant time, and takes nobody at the store's word", async () => {
    const right = serviceThatFinds({ id: "1", role: "admin", hash: hashToken(token) });
    expect(await right.service.authenticate(token)).toEqual({ tokenId: "1", role: "admin" });
    const other = serviceThatFinds({ id: "1", role: "admin", hash: hashToken(`${token}x`) });
    expect(await other.service.authenticate(token)).toBeNull();
    expect(compared.mock.calls.map(([left, stored]) => [left.byteLength, stored.byteLength])).toEqual([
      [64, 64],
      [64, 64],
    ]);
  });

  it("shows the store a digest, never the token", async () => {
    const { service, hashes } = serviceThatFinds(null);
    expect(await service.authenticate(token)).toBeNull();
    expect(hashes).toEqual([expect.stringMatching(/^[\da-f]{64}$/)]);
  });

  it.each([
    ["nothing", ""],
    ["a text beyond the longest", "x".repeat(tokenCharsMax + 1)],
  ])("does not look %s up", async (_what, text) => {
    const { service, hashes } = serviceThatFinds({ id: "1", role: "admin", hash: hashToken(text) });
    expect([await service.authenticate(text), hashes]).toEqual([null, []]);
  });
});

describe("isGeneratedToken()", () => {
  it("knows tokens that cannot be guessed by their form", () => {
    expect(isGeneratedToken(generateToken())).toBe(true);
    for (const chosen of [
      "",
      "slv_",
      "slv_administrator_of_the_tests",
      `slv_${"a".repeat(42)}`,
      `slv_${"a".repeat(44)}`,
    ]) {
      expect([chosen, isGeneratedToken(chosen)]).toEqual([chosen, false]);
    }
  });
});
