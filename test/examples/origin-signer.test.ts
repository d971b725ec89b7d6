/** The claims of the example origin-signer; signatures are checked with node:crypto, as an origin would. */
import { createHmac } from "node:crypto";
import { beforeAll, describe, expect, test } from "vitest";
import type { EdgeFunction } from "../../sdk/selvage-sdk.ts";
import { contextOf, responseContextOf } from "./hook-call.ts";
import { loadExample } from "./load-example.ts";

const KEY = "signing key of the tests";
let example: Required<EdgeFunction>;

beforeAll(async () => {
  example = await loadExample("origin-signer", "test");
});

async function pull(path: string, headers: Readonly<Record<string, string>> = {}): Promise<Request> {
  const request = new Request(`http://origin.example.test${path}`, { headers });
  const result = await example.originPull(request, { SIGNING_KEY: KEY }, contextOf("originPull"));
  if (!(result instanceof Request)) throw new Error("originPull gave no request");
  return result;
}

describe("originPull", () => {
  test.each([
    ["application/json", "package.json"],
    ["text/markdown", "README.md"],
    ["text/html,application/xhtml+xml,*/*;q=0.8", "index.html"],
    ["text/html;q=0.5, text/markdown;q=0.9", "README.md"],
    ["TEXT/HTML", "index.html"],
    ["text/html;q=0", "package.json"],
    ["text/html;q=x", "package.json"],
    ["image/png", "package.json"],
    ["", "package.json"],
  ])("with accept %j chooses %s", async (accept, file) => {
    const { pathname } = new URL((await pull("/packages/jose", { accept })).url);
    expect(pathname).toBe(`/signed/jose/${file}`);
  });

  test.each(["/packages/", "/packages/a/b", "/packages/..%2fetc", "/packages/.hidden", "/other"])(
    "leaves the path %s as it is",
    async (path) => {
      expect(new URL((await pull(path)).url).pathname).toBe(path);
    },
  );

  test("keeps the query, which the signature does not cover", async () => {
    expect((await pull("/packages/jose?v=1")).url).toBe("http://origin.example.test/signed/jose/package.json?v=1");
  });

  test("signs the path that the origin is asked for, with the date", async () => {
    const signed = await pull("/packages/jose", { accept: "text/markdown" });
    const date = signed.headers.get("x-signature-date") ?? "";
    const expected = createHmac("sha256", KEY).update(`/signed/jose/README.md\n${date}`).digest("hex");
    expect(signed.headers.get("x-signature")).toBe(expected);
    expect(Math.abs(Date.now() - Date.parse(date))).toBeLessThan(60_000);
  });

  test("replaces a signature that the client sent", async () => {
    const signed = await pull("/packages/jose", { "x-signature": "00", "x-signature-date": "1970-01-01T00:00:00Z" });
    expect(signed.headers.get("x-signature")).toMatch(/^[0-9a-f]{64}$/);
    expect(signed.headers.get("x-signature-date")).not.toContain("1970");
  });

  test("without a key asks no origin", async () => {
    const fresh = await loadExample("origin-signer", "no-key");
    const request = new Request("http://origin.example.test/packages/jose");
    await expect(fresh.originPull(request, {}, contextOf("originPull"))).rejects.toThrow(/SIGNING_KEY is not set/);
  });
});

test("originResponse makes every answer vary by accept, beside what the origin varies by", async () => {
  const request = new Request("http://origin.example.test/signed/jose/package.json");
  const response = new Response("{}", { headers: { vary: "accept-encoding" } });
  await example.originResponse(response, {}, responseContextOf("originResponse", { request }));
  expect(response.headers.get("vary")).toBe("accept-encoding, accept");
});
