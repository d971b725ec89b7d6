/** Claim: memory that is released once a chunk was sent (runtime/release-memory.ts) is never memory that somebody else still reads. */
import { expect, it } from "vitest";
import type { Body } from "../../../runtime/body.ts";
import { ask } from "../support/client.ts";
import { opensThings } from "../support/opened.ts";

const { edge, origin } = opensThings();
const bytes = Buffer.alloc(1024 * 1024, "0123456789abcdef, ");

/** Chunks that belong to whoever reads them, as those of a guest do. */
function givenStream(): Body {
  async function* chunks(): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < bytes.byteLength; at += 65_536) yield new Uint8Array(bytes.subarray(at, at + 65_536));
  }
  return { kind: "stream", chunks: chunks(), lengthBytes: undefined, givesChunks: true };
}

it.each([
  ["from the origin, with a length", true, "same"],
  ["from the origin, chunked", false, "same"],
  ["from a function behind the origin", true, "own"],
] as const)(
  "a large body %s is the same for all who wait for it and for all who get it from the cache",
  async (...row) => {
    const [, hasLength, kind] = row;
    const source = await origin((_request, response) => {
      response.setHeader("cache-control", "max-age=60");
      if (hasLength) response.setHeader("content-length", bytes.byteLength);
      response.end(bytes);
    });
    const { port } = await edge({
      origins: [source.port],
      functions: {
        passes: () => ({
          kind: "response",
          status: 200,
          headers: "cache-control:max-age=60\n",
          body: kind === "same" ? { kind: "same" } : givenStream(),
        }),
      },
      rules: [{ phase: "originResponse", function: "passes" }],
    });
    const first = await Promise.all(Array.from({ length: 5 }, () => ask(port, "/")));
    const later = [await ask(port, "/"), await ask(port, "/")];
    expect([...first, ...later].map(({ body }) => body.equals(bytes))).toEqual(Array.from({ length: 7 }, () => true));
    expect(source.requests).toHaveLength(1);
  },
);

it("a large body that is not cached arrives whole, from an origin and from a function", async () => {
  const source = await origin((_request, response) => {
    response.setHeader("cache-control", "no-store");
    response.end(bytes);
  });
  const front = await edge({
    origins: [source.port],
    functions: { makes: () => ({ kind: "response", status: 200, headers: "", body: givenStream() }) },
  });
  expect((await ask(front.port, "/")).body.equals(bytes)).toBe(true);
  front.route({ rules: [{ phase: "fetch", function: "makes" }] });
  expect((await ask(front.port, "/")).body.equals(bytes)).toBe(true);
});
