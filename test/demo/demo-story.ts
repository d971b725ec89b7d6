/**
 * The demo's story: which requests are sent, in which order, and what each answer must be.
 *
 * Knows the examples and the origin, not how any of them was started. Invariant: each chapter holds by itself; nothing is
 * expected that a chapter before it or the setup has not brought about.
 */
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { SignJWT } from "jose";
import type { Answer } from "../../bench/harness/http-exchange.ts";
import { packagesFolder, type DemoWorld } from "./demo-world.ts";
import type { Transcript } from "./transcript.ts";

const APPLICATION = "/docs/app.js";
const BUNDLE = "/swagger-ui-dist/swagger-ui-bundle.js";
const JSON_TYPE = /^application\/json/;

/** The domain with an origin and no rules. */
export async function tellBefore(transcript: Transcript, world: DemoWorld): Promise<void> {
  transcript.heading("Before: the domain has an origin and a cache, and no function");
  const bundleBytes = await sizeOf(BUNDLE);
  await transcript.request({
    exchange: world.ask(BUNDLE),
    expect: { status: 200, bytes: bundleBytes, headers: { "cache-status": /fwd=uri-miss; .*stored/ } },
    show: cacheAndTime,
  });
  const asked = world.origin.requestCount();
  await transcript.request({
    exchange: world.ask(BUNDLE),
    note: "again",
    expect: { status: 200, bytes: bundleBytes, headers: { "cache-status": /hit/ } },
    show: cacheAndTime,
  });
  const more = world.origin.requestCount() - asked;
  transcript.claim("the second answer came from the node's cache: the origin was not asked", countProblem(more, 0));
  await transcript.request({ exchange: world.ask(APPLICATION), expect: { status: 404 } });
  await transcript.request({
    exchange: world.ask("/private/echo", { "x-verified-subject": "root" }),
    note: "x-verified-subject: root",
    expect: { status: 200, contains: '"x-verified-subject":"root"' },
    show: () => "the origin believes what the client says",
  });
  await transcript.request({ exchange: world.ask("/packages/jose"), expect: { status: 404 } });
  await transcript.request({
    exchange: world.ask("/signed/jose/package.json"),
    expect: { status: 403, contains: '"signature":"absent"' },
    show: () => "the origin wants a signature",
  });
  await transcript.request({ exchange: world.ask("/api/convert/100/km/mi"), expect: { status: 404 } });
}

export async function tellRewrite(transcript: Transcript, world: DemoWorld): Promise<void> {
  transcript.heading("ab-rewrite (clientRequest, clientResponse): /docs/ from another folder, visitors in two groups");
  await transcript.request({
    exchange: world.ask("/docs/"),
    expect: {
      status: 200,
      contains: "Swagger UI",
      headers: { "set-cookie": /^docs-group=[ab];/, "content-type": /^text\/html/ },
    },
    show: ({ headers }) => `set-cookie: ${headers["set-cookie"]?.split(";")[0] ?? ""}`,
  });
  for (const [group, file] of [
    ["a", BUNDLE],
    ["b", "/swagger-ui-dist/swagger-ui-es-bundle.js"],
  ] as const) {
    await transcript.request({
      exchange: world.ask(APPLICATION, { cookie: `docs-group=${group}` }),
      note: `cookie: docs-group=${group}`,
      expect: { status: 200, bytes: await sizeOf(file), absent: ["set-cookie"] },
      show: (answer) => `${file.split("/").at(-1)}, ${cacheAndTime(answer)}`,
    });
  }
  const groups = new Set<string>();
  for (let i = 0; i < 40; i++) {
    const { headers } = await world.send(world.ask("/docs/"));
    groups.add(headers["set-cookie"]?.split(";")[0] ?? "none");
  }
  const seen = [...groups].toSorted().join(", ");
  const problem = seen === "docs-group=a, docs-group=b" ? null : `40 newcomers got: ${seen}`;
  transcript.claim("40 newcomers were split into both groups", problem);
}

export async function tellJwt(transcript: Transcript, world: DemoWorld): Promise<void> {
  transcript.heading("jwt-gate (clientRequest, npm jose): /private/ only with a valid token");
  const path = "/private/echo";
  await transcript.request({
    exchange: world.ask(path, { "x-verified-subject": "root" }),
    note: "x-verified-subject: root",
    expect: { status: 401, contains: '"error":"missing_token"', headers: { "content-type": JSON_TYPE } },
    show: bodyText,
  });
  await transcript.request({
    exchange: world.ask(path, {
      authorization: `Bearer ${await token(world, "1h", "another secret of 32 characters!")}`,
    }),
    note: "token signed with another key",
    expect: { status: 401, contains: "signature does not match" },
  });
  await transcript.request({
    exchange: world.ask(path, { authorization: `Bearer ${await token(world, "-1h")}` }),
    note: "token of yesterday",
    expect: { status: 401, contains: "The token has expired." },
  });
  const valid = await token(world, "1h");
  await transcript.request({
    exchange: world.ask(path, { authorization: `Bearer ${valid}`, "x-verified-subject": "root" }),
    note: "valid token, x-verified-subject: root",
    expect: { status: 200, contains: '"x-verified-subject":"alice"' },
    show: () => "the origin sees x-verified-subject: alice",
  });
}

export async function tellSigner(transcript: Transcript, world: DemoWorld): Promise<void> {
  transcript.heading(
    "origin-signer (originPull, originResponse): one path, three forms, each fetched with a signature",
  );
  const forms = [
    { accept: "application/json", file: "/jose/package.json", type: JSON_TYPE, cache: /stored/ },
    { accept: "text/markdown", file: "/jose/README.md", type: /^text\/markdown/, cache: /stored/ },
    { accept: "application/json", file: "/jose/package.json", type: JSON_TYPE, cache: /hit/ },
  ] as const;
  for (const { accept, file, type, cache } of forms) {
    await transcript.request({
      exchange: world.ask("/packages/jose", { accept }),
      note: `accept: ${accept}`,
      expect: {
        status: 200,
        bytes: await sizeOf(file),
        headers: { "content-type": type, vary: /accept/, "cache-status": cache },
      },
      show: (answer) => `${file}, ${cacheAndTime(answer)}`,
    });
  }
  await transcript.request({
    exchange: world.ask("/packages/any/echo", { "x-signature": "made up" }),
    note: "x-signature: made up",
    expect: { status: 200, contains: '"signature":"valid"' },
    show: () => "the origin got a valid signature instead",
  });
  await transcript.request({
    exchange: world.ask("/signed/jose/package.json"),
    note: "round the function",
    expect: { status: 403 },
    show: () => "still refused",
  });
}

export async function tellHono(transcript: Transcript, world: DemoWorld): Promise<void> {
  transcript.heading("hono-api (fetch, npm hono): an API without an origin");
  const asked = world.origin.requestCount();
  await transcript.request({
    exchange: world.ask("/api/convert/100/km/mi"),
    expect: { status: 200, contains: '{"value":62.1371,"unit":"mi"}' },
    show: bodyText,
  });
  await transcript.request({
    exchange: {
      ...world.ask("/api/summary", { "content-type": "application/json" }),
      method: "POST",
      body: '{"values":[3,1,2]}',
    },
    expect: { status: 200, contains: '{"count":3,"min":1,"max":3,"mean":2}' },
    show: bodyText,
  });
  await transcript.request({
    exchange: { ...world.ask("/api/summary"), method: "POST", body: "not JSON" },
    expect: { status: 400, contains: '"error":"invalid_body"' },
    show: bodyText,
  });
  await transcript.request({ exchange: world.ask("/api/none"), expect: { status: 404, contains: "No route" } });
  transcript.claim("the origin was not asked", countProblem(world.origin.requestCount() - asked, 0));
}

/** Publishes a changed ab-rewrite, watches it being served, and takes it back. */
export async function tellLiveChange(transcript: Transcript, world: DemoWorld): Promise<void> {
  transcript.heading("A live change: group b gets the small core build, then the alias is rolled back");
  const changes = [
    { command: () => world.publishChangedRewrite(), file: "/swagger-ui-dist/swagger-ui-es-bundle-core.js" },
    { command: () => world.rollbackRewrite(), file: "/swagger-ui-dist/swagger-ui-es-bundle.js" },
  ];
  const exchange = world.ask(APPLICATION, { cookie: "docs-group=b" });
  for (const { command, file } of changes) {
    const bytes = await sizeOf(file);
    const afterMs = await world.timeUntilServed({ exchange, bytes, command });
    await transcript.request({
      exchange,
      note: "cookie: docs-group=b",
      expect: { status: 200, bytes },
      show: () => `served ${afterMs} ms after the command was typed`,
    });
  }
}

async function sizeOf(file: string): Promise<number> {
  return (await stat(join(packagesFolder, file))).size;
}

function token(world: DemoWorld, expires: string, secret: string = world.jwtSecret): Promise<string> {
  return new SignJWT({ sub: "alice" })
    .setProtectedHeader({ alg: "HS256" })
    .setIssuer("https://login.example.com")
    .setAudience("docs")
    .setExpirationTime(expires)
    .sign(new TextEncoder().encode(secret));
}

function cacheAndTime({ headers, totalMs }: Answer): string {
  return `${/hit/.test(headers["cache-status"] ?? "") ? "hit" : "miss"}, ${totalMs.toFixed(1)} ms`;
}

function bodyText({ body }: Answer): string {
  return body.toString().trim();
}

function countProblem(received: number, expected: number): string | null {
  return received === expected ? null : `the origin got ${received} requests instead of ${expected}`;
}
