/** Dependencies over REST and the command line tool. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { archiveLimits, dependencyLimits } from "../../sdk/code-limits.ts";
import { SelvageClient } from "../../sdk/client.ts";
import type { ArchivePlace, PublishResult } from "../../sdk/api.ts";
import type { AuditRecord } from "../../sdk/audit.ts";
import type { DependencyInput, DependencyVersionResource } from "../../sdk/dependency.ts";
import { uploadArchive } from "../../sdk/upload-archive.ts";
import { runTool } from "../sdk/cli/run-tool.ts";
import { temporaryFolder, type TemporaryFolder } from "../sdk/project/temporary-project.ts";
import { ArchiveServer, zip } from "./archive-server.ts";
import { adminToken, answering, TestControlPlane } from "./test-control-plane.ts";

type Texts = Readonly<Record<string, string>>;

let control: TestControlPlane;
let client: SelvageClient;
let folder: TemporaryFolder;
let publisher: string;
let archives: ArchiveServer;
beforeAll(async () => {
  control = await TestControlPlane.start();
  client = new SelvageClient({ url: control.url, token: adminToken });
  folder = await temporaryFolder();
  publisher = (await control.createToken("publisher")).token;
  archives = await ArchiveServer.start();
});
afterAll(async () => {
  archives.stop();
  await folder.remove();
  await control.close();
});

const upload = (files: Texts): Promise<ArchivePlace> => uploadArchive(client, zip(files));
const create = async (
  name: string,
  files: Texts,
  more: Partial<DependencyInput> = {},
): Promise<DependencyVersionResource> => client.dependencies.create(name, { source: await upload(files), ...more });
const using = (name: string): string =>
  `import x from "${name}"; export default { fetch() { return new Response(x) } };`;
/** Publishes inline code without waiting. */
const publish = (name: string, code: string, more: object = {}): Promise<PublishResult> =>
  control.publish(name, code, { ...more });
const refuse = async (name: string, body: object, token = adminToken) => {
  await control.call("POST /v1/functions", { body: { name } });
  return control.refusal(`POST /v1/functions/${name}/versions`, {
    token,
    body: { snapshot: false, waitSeconds: 0, ...body },
  });
};
const inline = (code: string) => ({ kind: "inline", code, language: "js" });
const run = (...words: readonly string[]) =>
  runTool([...words, "--url", control.url, "--token", adminToken], { workingDirectory: folder.path });

describe("dependencies", () => {
  it("are taken in as versions 1, 2, 3, shown, used by name at publishing, and named by the version", async () => {
    const first = await create("colours", { "index.js": "module.exports = 'red';" }, { description: "one colour" });
    expect(first).toEqual({
      dependency: "colours",
      version: 1,
      description: "one colour",
      createdAt: expect.any(String),
      archive: {
        digest: expect.stringMatching(/^[0-9a-f]{64}$/),
        bytes: zip({ "index.js": "module.exports = 'red';" }).byteLength,
      },
      bytes: 23,
      files: 1,
      packages: ["colours"],
      usedBy: [],
    });
    expect((await create("colours", { "index.js": "module.exports = 'blue';" })).version).toBe(2);
    const { version } = await publish("painter", using("colours"), { version: "v1", dependencies: { colours: 2 } });
    expect(version.dependencies).toEqual({ colours: 2 });
    expect((await client.getVersion("painter", "v1")).dependencies).toEqual({ colours: 2 });
    const { versions } = await client.dependencies.get("colours");
    expect(versions.map(({ version: number, usedBy }) => [number, usedBy])).toEqual([
      [2, [{ function: "painter", version: "v1" }]],
      [1, []],
    ]);
    expect((await client.dependencies.list()).find(({ name }) => name === "colours")).toMatchObject({
      public: false,
      versions: [2, 1],
    });
  });

  it("that changed make another version of the same code; the same again is refused", async () => {
    const source = inline(using("colours"));
    await publish("again", using("colours"), { dependencies: { colours: 1 } });
    const result = await publish("again", using("colours"), { dependencies: { colours: 2 } });
    expect(result.version.dependencies).toEqual({ colours: 2 });
    expect((await refuse("again", { source: { ...source, language: "ts" }, dependencies: { colours: 2 } })).code).toBe(
      "CONFLICT",
    );
  });

  it("in use cannot be deleted, the answer names who uses them, and can be when nobody does", async () => {
    await create("held", { "index.js": "module.exports = 1;" });
    await publish("holder", using("held"), { version: "v1", dependencies: { held: 1 } });
    for (const path of ["/v1/dependencies/held/versions/1", "/v1/dependencies/held"] as const) {
      expect(await control.refusal(`DELETE ${path}`)).toMatchObject({
        status: 409,
        code: "CONFLICT",
        message: expect.stringContaining(
          'is in use: versions of functions were built with it ("holder" v1): delete those first.',
        ),
        problems: ["functions.holder.versions.v1: was built with it"],
      });
    }
    await publish("holder", answering("free"), { version: "v2" });
    await client.deleteVersion("holder", "v1");
    await client.dependencies.deleteVersion("held", 1);
    expect((await create("held", { "index.js": "module.exports = 2;" })).version).toBe(2);
    await client.dependencies.delete("held");
    expect((await control.refusal("GET /v1/dependencies/held")).code).toBe("NOT_FOUND");
    expect((await create("held", { "index.js": "module.exports = 1;" })).version).toBe(1);
  });

  it("that are public are used by publishers and changed by administrators only", async () => {
    const files = { "index.js": "module.exports = 'shared';" };
    const source = await upload(files);
    const asPublisher = { token: publisher };
    const forbidden = {
      status: 403,
      code: "FORBIDDEN",
      message: 'Dependency "common" is public: only administrators may change it.',
    };
    const post = (body: object) => control.refusal("POST /v1/dependencies/common/versions", { ...asPublisher, body });
    expect(await post({ source, public: true })).toMatchObject(forbidden);
    await create("common", files, { public: true });
    expect(await post({ source })).toMatchObject(forbidden);
    expect(await control.refusal("DELETE /v1/dependencies/common/versions/1", asPublisher)).toMatchObject(forbidden);
    expect(await control.refusal("DELETE /v1/dependencies/common", asPublisher)).toMatchObject(forbidden);
    expect(await control.ok("GET /v1/dependencies/common", asPublisher)).toMatchObject({ public: true });
    await control.call("POST /v1/functions", { body: { name: "everybody" } });
    const { version } = await control.ok<PublishResult>("POST /v1/functions/everybody/versions", {
      ...asPublisher,
      body: { source: inline(using("common")), dependencies: { common: 1 }, snapshot: false, waitSeconds: 0 },
    });
    expect(version.dependencies).toEqual({ common: 1 });
    const own = await control.ok<DependencyVersionResource>("POST /v1/dependencies/own/versions", {
      ...asPublisher,
      body: { source },
    });
    expect(own.version).toBe(1);
    await control.ok("DELETE /v1/dependencies/own", asPublisher);
    expect(
      await control.refusal("POST /v1/dependencies/common/versions", { body: { source, public: false } }),
    ).toMatchObject({
      code: "CONFLICT",
      message: 'Dependency "common" is public already, and stays so.',
    });
  });

  it("are as many for one function as allowed, and not one more", async () => {
    const max = dependencyLimits.perFunctionMax;
    const names = Array.from({ length: max + 1 }, (_, at) => `many${String(at)}`);
    for (const name of names) await create(name, { "index.js": "" });
    const dependencies = (count: number) => Object.fromEntries(names.slice(0, count).map((name) => [name, 1]));
    await publish("many", answering("many"), { dependencies: dependencies(max) });
    expect((await refuse("many", { source: inline(""), dependencies: dependencies(max + 1) })).problems).toEqual([
      `dependencies: received ${String(max + 1)} dependencies, allowed: at most ${String(max)}`,
    ]);
  });

  it.each<[string, unknown, string]>([
    ["a version that is not there", { colours: 9 }, "dependencies.colours: received 9, allowed: a version of it: 2, 1"],
    ["a name that is not there", { nobody: 1 }, "dependencies.nobody: received 1, allowed: an existing dependency"],
    ["no number", { colours: "1" }, 'dependencies.colours: received "1", allowed: the number of a version, from 1'],
    ["version 0", { colours: 0 }, "dependencies.colours: received 0, allowed: the number of a version, from 1"],
    ["a name that is none", { "../x": 1 }, "dependencies.../x: is not a name, allowed: 1..96 letters"],
  ])("are refused with %s", async (_case, dependencies, problem) => {
    const refused = await refuse("careless", { source: inline(""), dependencies });
    expect([refused.code, refused.problems]).toEqual(["INPUT_INVALID", [expect.stringContaining(problem)]]);
  });

  it("are none for a bundle, which imports nothing", async () => {
    const source = { kind: "bundle", code: "export default {}", sourceMap: null };
    expect((await refuse("careless", { source, dependencies: { colours: 1 } })).problems).toEqual([
      "dependencies: a bundle has no imports left, allowed: none",
    ]);
  });

  it.each<[string, Uint8Array, string]>([
    ["no archive", Buffer.from("text"), "it is no ZIP archive"],
    ["one without a package", zip({ "README.md": "" }), "it holds no package"],
    ["one with a path that leaves it", zip({ "../a.js": "" }), "allowed: a relative path"],
  ])("are not made of %s", async (_case, archive, reason) => {
    const source = await uploadArchive(client, archive);
    const refused = await control.refusal("POST /v1/dependencies/bad/versions", { body: { source } });
    expect(refused).toMatchObject({ status: 400, code: "INPUT_INVALID", message: expect.stringContaining(reason) });
    expect((await control.refusal("GET /v1/dependencies/bad")).code).toBe("NOT_FOUND");
  });

  it("are not made of parts that were not uploaded, too large together, or too many; names are checked", async () => {
    const post = (name: string, source: object) =>
      control.refusal(`POST /v1/dependencies/${name}/versions`, { body: { source } });
    const digest = "0".repeat(64);
    expect((await post("bad", { kind: "archive", parts: [digest] })).problems).toEqual([
      `source.parts[0]: received ${digest}: upload this blob first`,
    ]);
    const { parts } = (await uploadArchive(client, new Uint8Array(archiveLimits.bytesMax / 5))) as {
      readonly parts: readonly string[];
    };
    const five = Array.from({ length: 5 }, () => parts).flat();
    expect((await post("bad", { kind: "archive", parts: five })).problems[0]).toContain("it is no ZIP archive");
    const over = (await uploadArchive(client, new Uint8Array(1))) as { readonly parts: readonly string[] };
    expect(await post("bad", { kind: "archive", parts: [...five, ...over.parts] })).toMatchObject({
      status: 413,
      code: "PAYLOAD_TOO_LARGE",
    });
    const many = Array.from({ length: archiveLimits.partsMax + 1 }, () => over.parts[0]);
    expect((await post("bad", { kind: "archive", parts: many })).code).toBe("INPUT_INVALID");
    expect((await post("bad", { kind: "archive", parts: many.slice(1) })).problems[0]).toContain(
      "it is no ZIP archive",
    );
    const name = "n".repeat(dependencyLimits.nameCharsMax);
    expect((await create(name, { "index.js": "" })).dependency).toBe(name);
    for (const wrong of [`${name}n`, "1a", "a.", "a b"]) {
      expect((await post(encodeURIComponent(wrong), { kind: "archive", parts: over.parts })).problems[0]).toContain(
        "allowed: 1..96 letters, digits",
      );
    }
  });

  it("stop at their quotas", async () => {
    for (const [quota, used] of [
      ["dependencies", 1],
      ["dependencyMiB", 1],
    ] as const) {
      await client.setQuota(quota, used);
      const refused = await control.refusal("POST /v1/dependencies/colours/versions", {
        body: { source: await upload({ "index.js": "1" }) },
      });
      expect([refused.status, refused.code, refused.message]).toEqual([
        422,
        "LIMIT_REACHED",
        expect.stringContaining(`"${quota}"`),
      ]);
      await client.resetQuota(quota);
    }
  });

  it("leave audit records, and survive a restart with their archives", async () => {
    await create("traced", { "index.js": "module.exports = 'kept';" });
    const { records } = await control.ok<{ records: AuditRecord[] }>("GET /v1/audit?limit=5");
    expect(records[0]).toMatchObject({
      action: "createDependencyVersion",
      resource: "dependency/traced/version/1",
      outcome: "success",
    });
    await control.restart();
    client = new SelvageClient({ url: control.url, token: adminToken });
    await publish("later", using("traced"), { dependencies: { traced: 1 } });
  });
});

describe("selvage dependencies", () => {
  it("uploads folders, ZIPs and URLs, shows and deletes", async () => {
    const place = join(folder.path, "shapes");
    await mkdir(join(place, "node_modules", "inner"), { recursive: true });
    await writeFile(join(place, "index.ts"), "import i from 'inner'; export default `round ${i}`;");
    await writeFile(join(place, "node_modules", "inner", "index.js"), "module.exports = 'inner';");
    await writeFile(join(place, ".env"), "SECRET=1");
    expect((await run("dependencies", "upload", "shapes", "shapes")).stdout).toBe(
      "shapes@1: inner, shapes (2 files)\n",
    );
    await writeFile(join(folder.path, "shapes.zip"), zip({ "index.js": "module.exports = 'square';" }));
    expect((await run("dependencies", "upload", "shapes", "shapes.zip", "--description", "corners")).stdout).toContain(
      "shapes@2",
    );
    archives.served = zip({ "index.js": "module.exports = 'fetched';" });
    expect((await run("dependencies", "upload", "shapes", archives.address, "--json")).json()).toMatchObject({
      version: 3,
    });
    await publish("drawer", using("shapes"), { version: "v1", dependencies: { shapes: 1 } });
    expect((await run("dependencies")).stdout).toMatch(/\nshapes +private +3, 2, 1\n/);
    expect((await run("dependencies", "show", "shapes")).stdout).toMatch(/\n1 +\d+ +inner, shapes +drawer@v1/);
    expect(await run("dependencies", "delete", "shapes", "1")).toMatchObject({
      code: 3,
      stderr: expect.stringContaining('"drawer" v1'),
    });
    expect((await run("dependencies", "delete", "shapes", "2")).stdout).toBe("shapes@2 is deleted\n");
    expect((await run("dependencies", "delete", "shapes", "none")).code).toBe(2);
    expect(await run("dependencies", "upload", "shapes", "nowhere")).toMatchObject({
      code: 3,
      stderr: expect.stringContaining("is not a folder"),
    });
  });
});
