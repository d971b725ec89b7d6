import { createHash } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { FunctionResource, PublishResult, VersionResource } from "../../sdk/api.ts";
import { parseManifest, verifyManifest } from "../../sdk/artifact-format.ts";
import { publishLimits } from "../../sdk/limits.ts";
import { answering, TestControlPlane, type Refusal } from "./test-control-plane.ts";
import { TestNode } from "./test-node.ts";

let control: TestControlPlane;
beforeAll(async () => {
  control = await TestControlPlane.start();
});
afterAll(() => control.close());

let count = 0;
async function freshFunction(): Promise<string> {
  const name = `p${String(++count)}`;
  await control.ok("POST /v1/functions", { body: { name } });
  return name;
}

const digestOf = (bytes: string | Uint8Array): string => createHash("sha256").update(bytes).digest("hex");
const inline = (code: string): object => ({ kind: "inline", code, language: "ts" });

/** Uploads the files and gives a tree source of them. */
async function upload(files: Readonly<Record<string, string>>, entry: string): Promise<object> {
  const blobs = Object.values(files).map((text) => ({ digest: digestOf(text), base64: btoa(text) }));
  await control.ok("POST /v1/blobs", { body: { blobs } });
  return {
    kind: "tree",
    entry,
    files: Object.entries(files).map(([path, text]) => ({ path, digest: digestOf(text) })),
  };
}

function refuse(name: string, body: object): Promise<Refusal> {
  return control.refusal(`POST /v1/functions/${name}/versions`, { body: { snapshot: false, waitSeconds: 0, ...body } });
}

function publish(name: string, body: object): Promise<PublishResult> {
  return control.ok(`POST /v1/functions/${name}/versions`, { body: { snapshot: false, waitSeconds: 0, ...body } });
}

describe("publishing", () => {
  it("makes a version with everything that is known of it, in one revision with its aliases", async () => {
    const name = await freshFunction();
    const before = (await control.ok<{ revision: number }>("GET /healthz")).revision;
    const limits = { memoryMiB: 64, cpuMs: 10 };
    const result = await publish(name, {
      source: inline(answering("hi")),
      description: "first",
      limits,
      aliases: ["live", "canary"],
    });
    expect(result).toMatchObject({
      version: {
        function: name,
        version: expect.stringMatching(/^v\d{8}-\d{6}$/),
        description: "first",
        hooks: ["fetch"],
        limits: { memoryMiB: 64, cpuMs: 10, wallMs: 5_000 },
        snapshot: { state: "off", bytes: 0 },
        aliases: ["canary", "live"],
      },
      revision: before + 1,
      rollout: { revision: before + 1, nodesConnected: 0, nodesServing: 0, completeMs: null, acks: [] },
      warnings: [],
    });
    expect(Object.values(result.timings).every((ms) => ms >= 0)).toBe(true);
    expect(await control.ok(`GET /v1/functions/${name}/versions/${result.version.version}`)).toEqual(result.version);
    expect((await control.ok<FunctionResource>(`GET /v1/functions/${name}`)).latest).toBe(result.version.version);
  });

  it("signs the manifest, whose blobs a node can read and check", async () => {
    const name = await freshFunction();
    const { version, revision } = await control.ok<PublishResult>(`POST /v1/functions/${name}/versions`, {
      body: { source: inline(answering("signed")), snapshot: true, waitSeconds: 0, aliases: ["live"] },
    });
    const token = await control.nodeToken();
    const node = await TestNode.connect(control, "reader");
    const state = await node.nextState();
    node.disconnect();
    expect(state.revision).toBe(revision);
    const served = state.functions.find((entry) => entry.name === name)?.versions[0];
    const read = async (digest: string): Promise<Buffer> => {
      const response = await fetch(`${control.url}/v1/blobs/${digest}`, {
        headers: { authorization: `Bearer ${token}` },
      });
      return Buffer.from(await response.arrayBuffer());
    };
    const bytes = await read(served?.digest ?? "");
    expect(digestOf(bytes)).toBe(version.digest);
    expect(verifyManifest(bytes, served?.signature ?? "", state.publicKey)).toBe(true);
    const manifest = parseManifest(bytes);
    if (!manifest.ok) throw new Error("the manifest is not valid");
    const { module, sourceMap, snapshots } = manifest.value;
    for (const reference of [module, ...(sourceMap === null ? [] : [sourceMap]), ...snapshots]) {
      const blob = await read(reference.digest);
      expect([blob.byteLength, digestOf(blob)]).toEqual([reference.bytes, reference.digest]);
    }
    expect(snapshots).toHaveLength(1);
    expect(version.snapshot.bytes).toBe(snapshots[0]?.bytes);
  });

  it("takes a tree of uploaded files, packages included", async () => {
    const name = await freshFunction();
    const files = {
      "src/index.ts":
        'import { greet } from "greeter"; export default { fetch: () => new Response(greet("x" as string)) };',
      "node_modules/greeter/package.json": '{"name":"greeter","main":"lib.js"}',
      "node_modules/greeter/lib.js": 'exports.greet = (name) => "hello " + name;',
    };
    const digests = Object.values(files).map((text) => digestOf(text));
    const missing = await control.ok("POST /v1/blobs/missing", { body: { digests: [...digests, digests[0]] } });
    expect(missing).toEqual({ missing: digests });
    const source = await upload(files, "src/index.ts");
    expect(await control.ok("POST /v1/blobs/missing", { body: { digests } })).toEqual({ missing: [] });
    expect((await publish(name, { source })).version.hooks).toEqual(["fetch"]);
  });

  it("takes a bundle of the author's own tools", async () => {
    const name = await freshFunction();
    const source = { kind: "bundle", code: "export default { clientRequest() {} };", sourceMap: null };
    expect((await publish(name, { source })).version.hooks).toEqual(["clientRequest"]);
  });

  it("gives versions of one second different names", async () => {
    const name = await freshFunction();
    const names = new Set<string>();
    for (const text of ["1", "2", "3"])
      names.add((await publish(name, { source: inline(answering(text)) })).version.version);
    expect(names.size).toBe(3);
  });

  it("serialises publishes of one function and lets all of them succeed", async () => {
    const name = await freshFunction();
    const results = await Promise.all(
      ["a", "b", "c", "d"].map((text) => publish(name, { source: inline(answering(text)), aliases: ["live"] })),
    );
    const versions = new Set(results.map(({ version }) => version.version));
    const revisions = new Set(results.map(({ revision }) => revision));
    expect([versions.size, revisions.size]).toEqual([4, 4]);
    const { latest, aliases } = await control.ok<FunctionResource>(`GET /v1/functions/${name}`);
    expect(aliases[0]?.version).toBe(latest);
  });

  it("lets one of two equal publishes at once succeed and names its version in the other's conflict", async () => {
    const name = await freshFunction();
    const body = { source: inline(answering("same")), snapshot: false, waitSeconds: 0 };
    const answers = await Promise.all([1, 2].map(() => control.call(`POST /v1/functions/${name}/versions`, { body })));
    expect(answers.map(({ status }) => String(status)).sort()).toEqual(["201", "409"]);
    const { versions } = await control.ok<{ versions: VersionResource[] }>(`GET /v1/functions/${name}/versions`);
    expect(versions).toHaveLength(1);
    expect(JSON.stringify(answers.find(({ status }) => status === 409)?.body)).toContain(versions[0]?.version);
  });

  it("refuses a name that is or was taken, also when both ask at once", async () => {
    const name = await freshFunction();
    await publish(name, { source: inline(answering("1")), version: "v1", aliases: ["live"] });
    expect(await refuse(name, { source: inline(answering("2")), version: "v1" })).toMatchObject({
      status: 409,
      code: "CONFLICT",
    });
    expect((await refuse(name, { source: inline(answering("2")), version: "live" })).message).toBe(
      `"live" is the name of an alias of function "${name}".`,
    );
    await publish(name, { source: inline(answering("3")), version: "v3" });
    await control.ok(`DELETE /v1/functions/${name}/versions/v3`);
    expect((await refuse(name, { source: inline(answering("4")), version: "v3" })).message).toBe(
      `Version "v3" of function "${name}" exists or has existed: a published version never changes, choose another name.`,
    );
    const both = await Promise.all(
      ["x", "y"].map((text) =>
        control.call(`POST /v1/functions/${name}/versions`, {
          body: { source: inline(answering(text)), version: "v5", snapshot: false, waitSeconds: 0 },
        }),
      ),
    );
    expect(both.map(({ status }) => String(status)).sort()).toEqual(["201", "409"]);
  });
});

describe("publishing without a change", () => {
  it("is refused with the version that has it already", async () => {
    const name = await freshFunction();
    await publish(name, { source: inline(answering("1")), version: "v1" });
    const { status, code, message } = await refuse(name, { source: inline(answering("1")) });
    expect([status, code, message]).toEqual([
      409,
      "CONFLICT",
      `Version "v1" of function "${name}" has this module, limits, permissions, services and environment already: nothing to publish.`,
    ]);
  });

  it("moves the aliases it names and says so, and is refused when they are there", async () => {
    const name = await freshFunction();
    await publish(name, { source: inline(answering("1")), version: "v1" });
    const body = { source: inline(answering("1")), snapshot: false, waitSeconds: 0, aliases: ["live"] };
    const moved = await control.call<PublishResult>(`POST /v1/functions/${name}/versions`, { body });
    expect([moved.status, moved.body.version.version, moved.body.version.aliases]).toEqual([200, "v1", ["live"]]);
    expect(moved.body.warnings[0]).toMatch(/only aliases were moved/);
    expect((await refuse(name, body)).status).toBe(409);
  });

  it("is a change when limits, variables or secrets differ, or an older version had it", async () => {
    const name = await freshFunction();
    const source = inline(answering("1"));
    await publish(name, { source });
    await publish(name, { source, limits: { cpuMs: 20 } });
    const setEnvironment = (body: object) => control.ok(`PUT /v1/functions/${name}/environment`, { body });
    await setEnvironment({ variables: { A: "1" } });
    await publish(name, { source, limits: { cpuMs: 20 } });
    await setEnvironment({ variables: { A: "1" }, secrets: { B: "1" } });
    await publish(name, { source, limits: { cpuMs: 20 } });
    await setEnvironment({ variables: { A: "1" }, secrets: { B: "1" } });
    expect((await refuse(name, { source, limits: { cpuMs: 20 } })).status).toBe(409);
    await publish(name, { source });
  });
});

describe("a source that cannot be published", () => {
  it.each([
    ["a syntax error", "export default {", /^index\.ts:1:\d+: /],
    ["an unknown package", 'import x from "nowhere"; export default { fetch: x };', /^index\.ts:1:\d+: .*nowhere/],
    ["no hook", "export default { other() {} };", /hook|export/i],
    ["no default export", "export const x = 1;", /^index\.ts/],
    [
      "a throw at the top level",
      'throw new Error("at the top"); export default { fetch() {} };',
      /^index\.ts:1:\d+: .*at the top/,
    ],
  ])("with %s is refused with the author's file and line", async (_, code, expected) => {
    const name = await freshFunction();
    const { status, code: errorCode, problems } = await refuse(name, { source: inline(code) });
    expect([status, errorCode]).toEqual([422, "PUBLISH_REFUSED"]);
    expect(problems[0]).toMatch(expected);
    expect(await control.ok(`GET /v1/functions/${name}/versions`)).toEqual({ versions: [] });
  });

  it("because its top level never ends is refused in bounded time while everything else goes on", async () => {
    const name = await freshFunction();
    const refusal = refuse(name, { source: inline("for (;;); export default { fetch() {} };") });
    const other = await control.publish("meanwhile", answering("fine"));
    expect(other.version.hooks).toEqual(["fetch"]);
    expect(await refusal).toMatchObject({ status: 422, code: "PUBLISH_REFUSED" });
  });

  it("with all problems of its files at once", async () => {
    const name = await freshFunction();
    const source = await upload(
      { "a.ts": "const x = ;", "index.ts": 'import "./a.ts"; import "./b.ts"; let y = ;' },
      "index.ts",
    );
    const { status, problems } = await refuse(name, { source });
    expect([status, problems.length >= 1]).toEqual([422, true]);
  });
});

describe("a publish request", () => {
  it("reports everything that is wrong with it", async () => {
    const name = await freshFunction();
    const { status, problems } = await refuse(name, {
      source: inline("x"),
      version: "latest",
      aliases: ["a b", "latest"],
      limits: { cpuMs: 50 },
    });
    expect(status).toBe(400);
    expect(problems).toEqual([
      expect.stringMatching(/^version: received "latest", allowed: /),
      expect.stringMatching(/^aliases\[0\]: received "a b", allowed: /),
      expect.stringMatching(/^aliases\[1\]: received "latest", allowed: /),
    ]);
  });

  it.each([
    [{ limits: { cpuMs: 0 } }, /^limits\.cpuMs: received 0, allowed: 1\.\.30000/],
    [{ limits: { memoryMiB: "128" } }, /^limits\.memoryMiB: received "128", allowed: a whole number/],
    [{ limits: { speed: 1 } }, /^limits\.speed: is not a key, allowed: memoryMiB/],
    [{ aliases: "live" }, /^aliases: received "live", allowed: a list/],
    [{ waitSeconds: 31 }, /^waitSeconds: received 31, allowed: 0\.\.30/],
    [{ snapshot: "yes" }, /^snapshot: received "yes", allowed: true or false/],
    [{ description: "x".repeat(513) }, /^description: received 513 characters, allowed: 0\.\.512/],
    [{ source: { kind: "git" } }, /^source\.kind: received "git", allowed: tree, inline, bundle/],
    [{ source: null }, /^source: received null, allowed: an object/],
    [{ source: { kind: "tree", entry: "x", files: [] } }, /^source\.files: received 0 items, allowed: 1\.\.20000/],
  ])("with %j is refused", async (changes, expected) => {
    const name = await freshFunction();
    const { status, code, problems } = await refuse(name, { source: inline("x"), ...changes });
    expect([status, code]).toEqual([400, "INPUT_INVALID"]);
    expect(problems.join("\n")).toMatch(expected);
  });

  it("for an unknown function is refused before any work", async () => {
    expect(await refuse("nobody", { source: inline("x") })).toMatchObject({ status: 404, code: "NOT_FOUND" });
  });

  it("with more inline code than allowed is refused", async () => {
    const name = await freshFunction();
    const code = `export default { fetch() {} }; // ${"ä".repeat(publishLimits.inlineBytesMax / 2)}`;
    const { status, code: errorCode } = await refuse(name, { source: inline(code) });
    expect([status, errorCode]).toEqual([413, "PAYLOAD_TOO_LARGE"]);
  });
});

describe("a tree", () => {
  const digest = digestOf("text");
  it.each([
    "../escape.ts",
    "/etc/passwd",
    "a/../../b.ts",
    "a//b.ts",
    "./a.ts",
    "a\\b.ts",
    "nul\u0000.ts",
    "a/.",
    "..",
    "x".repeat(1_025),
  ])("with the path %j is refused", async (path) => {
    const name = await freshFunction();
    const source = { kind: "tree", entry: "index.ts", files: [{ path, digest }] };
    const { status, code, problems } = await refuse(name, { source });
    expect([status, code]).toEqual([400, "INPUT_INVALID"]);
    expect(problems[0]).toMatch(/^source\.files\[0\]\.path: received /);
  });

  it("is refused with every path that is double, both file and folder, or no file at all", async () => {
    const name = await freshFunction();
    const files = ["a", "a", "a/b.ts", "index.ts"].map((path) => ({ path, digest }));
    const { problems } = await refuse(name, { source: { kind: "tree", entry: "main.ts", files } });
    expect(problems).toEqual([
      'source.files[1].path: received "a" twice',
      'source.files[2].path: received "a/b.ts", but "a" is a file as well',
      'source.entry: received "main.ts", allowed: the path of one of the files',
    ]);
  });

  it("names every blob that was not uploaded", async () => {
    const name = await freshFunction();
    const files = ["index.ts", "b.ts"].map((path) => ({ path, digest: digestOf(`never uploaded ${path}`) }));
    const { status, problems } = await refuse(name, { source: { kind: "tree", entry: "index.ts", files } });
    expect([status, problems.length]).toEqual([400, 2]);
    expect(problems[1]).toMatch(/^source\.files\[1\]\.digest: received [0-9a-f]{64}: upload this blob first$/);
  });
});

describe("blobs", () => {
  it("whose bytes have another digest are refused together, and none is stored", async () => {
    const good = { digest: digestOf("good"), base64: btoa("good") };
    const lying = { digest: digestOf("claimed"), base64: btoa("other") };
    const garbled = { digest: digestOf("x"), base64: "not base64!" };
    const { status, problems } = await control.refusal("POST /v1/blobs", { body: { blobs: [good, lying, garbled] } });
    expect([status, problems.length]).toEqual([400, 2]);
    expect(problems[0]).toBe(`blobs[1].digest: received ${lying.digest}, but the bytes have ${digestOf("other")}`);
    expect(problems[1]).toBe("blobs[2].base64: is not base64 with padding");
    const missing = await control.ok("POST /v1/blobs/missing", { body: { digests: [good.digest] } });
    expect(missing).toEqual({ missing: [good.digest] });
  });

  it.each(["../../master.key", "A".repeat(64), "0".repeat(63), "%2e%2e%2fmaster.key"])(
    "cannot be read by the name %s",
    async (name) => {
      const { status } = await control.call(`GET /v1/blobs/${name}`);
      expect([400, 404]).toContain(status);
    },
  );

  it("that are sources cannot be read by nodes", async () => {
    await upload({ "secret-source.ts": "export const x = 1;" }, "secret-source.ts");
    const token = await control.nodeToken();
    const { status } = await control.refusal(`GET /v1/blobs/${digestOf("export const x = 1;")}`, { token });
    expect(status).toBe(404);
  });
});
