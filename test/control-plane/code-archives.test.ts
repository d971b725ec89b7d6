/** Code that comes as a ZIP or from an address, over REST and the command line tool. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { SelvageClient } from "../../sdk/client.ts";
import type { ArchivePlace, VersionResource } from "../../sdk/api.ts";
import { uploadArchive } from "../../sdk/upload-archive.ts";
import { runTool } from "../sdk/cli/run-tool.ts";
import { temporaryFolder, type TemporaryFolder } from "../sdk/project/temporary-project.ts";
import { ArchiveServer, zip } from "./archive-server.ts";
import { adminToken, answering, TestControlPlane } from "./test-control-plane.ts";

type Texts = Readonly<Record<string, string>>;

let control: TestControlPlane;
let client: SelvageClient;
let folder: TemporaryFolder;
let archives: ArchiveServer;
beforeAll(async () => {
  control = await TestControlPlane.start();
  client = new SelvageClient({ url: control.url, token: adminToken });
  folder = await temporaryFolder();
  archives = await ArchiveServer.start();
  for (const colour of ["red", "blue"]) {
    await client.dependencies.create("colours", {
      source: await upload({ "index.js": `module.exports = "${colour}";` }),
    });
  }
});
afterAll(async () => {
  archives.stop();
  await folder.remove();
  await control.close();
});

const upload = (files: Texts): Promise<ArchivePlace> => uploadArchive(client, zip(files));
const refuse = async (name: string, body: object) => {
  await control.call("POST /v1/functions", { body: { name } });
  return control.refusal(`POST /v1/functions/${name}/versions`, { body: { snapshot: false, waitSeconds: 0, ...body } });
};
const run = (...words: readonly string[]) =>
  runTool([...words, "--url", control.url, "--token", adminToken], { workingDirectory: folder.path });

describe("code by ZIP and by URL", () => {
  const code = (text: string): Texts => ({
    "index.mjs": `import { t } from "./t.js"; export default { fetch: () => new Response(t) };`,
    "t.js": `export const t = "${text}";`,
  });
  const versions = async (name: string): Promise<readonly VersionResource[]> => client.listVersions(name);

  it("is published with the entry that is named, the first that is there, or the handler's file", async () => {
    const publishZip = async (name: string, files: Texts, more: object = {}): Promise<void> => {
      await control.call("POST /v1/functions", { body: { name } });
      const { entry, ...rest } = more as { readonly entry?: string };
      const source = { ...(await upload(files)), ...(entry === undefined ? {} : { entry }) };
      await control.ok(`POST /v1/functions/${name}/versions`, {
        body: { source, snapshot: false, waitSeconds: 0, ...rest },
      });
    };
    await publishZip("zipped", code("zip"));
    await publishZip("zipped", { "src/main.js": answering("main") }, { entry: "src/main.js" });
    expect(await versions("zipped")).toHaveLength(2);
    await publishZip(
      "event",
      { "main.mjs": "export const handler = async (event, context) => event;" },
      { event: { handler: "main.handler" } },
    );
    expect((await versions("event"))[0]?.event?.handler).toBe("main.handler");
    const missing = await refuse("zipped", { source: { ...(await upload(code("zip"))), entry: "nobody.js" } });
    expect(missing.problems).toEqual([
      'source.entry: received "nobody.js", allowed: the path of one of the archive\'s files',
    ]);
    const none = await refuse("zipped", { source: await upload({ "a.js": "" }) });
    expect(none.problems[0]).toContain("source.entry: the archive has none of index.ts, index.js");
    const other = await refuse("zipped", {
      source: { ...(await upload(code("zip"))), entry: "index.mjs" },
      event: { handler: "main.handler" },
    });
    expect(other.problems[0]).toContain("event.handler: received");
  });

  it("is fetched, and its address appears nowhere", async () => {
    archives.served = zip(code("fetched"));
    await control.call("POST /v1/functions", { body: { name: "fetched" } });
    const body = { source: { kind: "url", url: archives.address }, snapshot: false, waitSeconds: 0 };
    await control.ok("POST /v1/functions/fetched/versions", { body });
    const created = await client.dependencies
      .create("remote", { source: { kind: "url", url: archives.address } })
      .catch((error: unknown) => error);
    // Its index.mjs makes it a package.
    expect(created).toMatchObject({ dependency: "remote", packages: ["remote"] });
    archives.served = Buffer.from("no archive");
    expect((await refuse("fetched", body)).problems).toEqual([
      "source: received an archive that cannot be used: it is no ZIP archive",
    ]);
    expect(JSON.stringify(await control.ok("GET /v1/audit?limit=1000"))).not.toContain("sign=secret");
  });

  it.each([
    ["http://10.0.0.1/code.zip", "source.url: its address is not allowed"],
    ["http://[::1]/code.zip", "source.url: its address is not allowed"],
    ["file:///etc/passwd", "source.url: received another text, allowed: an http or https URL without user name"],
    ["http://me:secret@127.0.0.1/code.zip", "source.url: received another text, allowed: an http or https URL"],
  ])("is not fetched from %s", async (url, problem) => {
    const refused = await refuse("fetched", { source: { kind: "url", url } });
    expect([refused.status, refused.problems]).toEqual([400, [expect.stringContaining(problem)]]);
    expect(JSON.stringify(refused)).not.toContain("secret");
  });

  it("is published by the command line tool, from a ZIP with selvage.json, one without, and a URL", async () => {
    await writeFile(
      join(folder.path, "own.zip"),
      zip({ ...code("own"), "selvage.json": '{"name": "from-zip", "dependencies": {"colours": 2}}' }),
    );
    await writeFile(join(folder.path, "bare.zip"), zip(code("bare")));
    const own = await run("publish", "own.zip", "--json");
    expect([own.code, own.stderr]).toEqual([0, ""]);
    expect((await versions("from-zip"))[0]?.dependencies).toEqual({ colours: 2 });
    expect(await run("publish", "bare.zip")).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("name the function with --function"),
    });
    expect((await run("publish", "bare.zip", "--function", "from-bare", "--name", "one")).stdout).toContain(
      "from-bare one (fetch)",
    );
    archives.served = zip({ "main.mjs": "export const handler = async (event, context) => event;" });
    expect(await run("publish", archives.address, "--name", "two")).toMatchObject({ code: 2 });
    const fetched = await run(
      "publish",
      archives.address,
      "--function",
      "from-url",
      "--handler",
      "main.handler",
      "--json",
    );
    expect([fetched.code, fetched.stderr]).toEqual([0, ""]);
    expect((await versions("from-url"))[0]?.event?.handler).toBe("main.handler");
    expect(await run("publish", ".", "--function", "x")).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("--function: allowed: for a ZIP or a URL"),
    });
    await writeFile(join(folder.path, "broken.zip"), "text");
    expect(await run("publish", "broken.zip")).toMatchObject({
      code: 3,
      stderr: expect.stringContaining("it is no ZIP archive"),
    });
  });
});
