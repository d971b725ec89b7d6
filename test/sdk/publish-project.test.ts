/** Claims about uploading a project: what is sent, in which portions, and what a change meanwhile does. */
import { createHash } from "node:crypto";
import { utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { SelvageClient } from "../../sdk/client.ts";
import { readProject } from "../../sdk/project-source.ts";
import { cutBatches, FileDigests, publishProject, uploadBatchBytesMax } from "../../sdk/publish-project.ts";
import { HttpDouble, type Answerer } from "./cli/http-double.ts";
import { parsedValue } from "./expect-problems.ts";
import { temporaryFolder, type TemporaryFolder } from "./project/temporary-project.ts";

const opened: { stop?: () => Promise<void>; remove?: () => Promise<void> }[] = [];

afterEach(async () => {
  for (const thing of opened.splice(0)) await (thing.stop?.() ?? thing.remove?.());
});

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

async function setUp(
  answer: Answerer,
): Promise<{ folder: TemporaryFolder; double: HttpDouble; client: SelvageClient }> {
  const folder = await temporaryFolder({
    "selvage.json": '{"name": "f"}',
    "index.ts": "1",
    "same.ts": "1",
    "b.ts": "2",
  });
  const double = await HttpDouble.start(answer);
  opened.push(folder, double);
  return { folder, double, client: new SelvageClient({ url: double.url, token: "t" }) };
}

function requireBody(request: { readonly body: unknown } | undefined): unknown {
  if (request === undefined) throw new Error("There was no such request");
  return request.body;
}

async function publish(client: SelvageClient, folder: TemporaryFolder) {
  const project = parsedValue(await readProject({ directory: folder.path }));
  return publishProject(client, { project, settings: {}, digests: new FileDigests(), onProgress: () => undefined });
}

describe("publishProject()", () => {
  test("asks for each content once, uploads what is missing, then publishes the whole tree", async () => {
    const { folder, double, client } = await setUp(({ path }) =>
      path === "/v1/blobs/missing" ? { status: 200, json: { missing: [sha256("2")] } } : { status: 200, json: {} },
    );
    await publish(client, folder);
    const [missing, blobs, versions] = double.requests.map(({ path, body }) => ({ path, body }));
    expect((requireBody(missing) as { digests: string[] }).digests).toHaveLength(3);
    expect(blobs?.body).toEqual({ blobs: [{ digest: sha256("2"), base64: "Mg==" }] });
    expect(versions?.path).toBe("/v1/functions/f/versions");
    expect((requireBody(versions) as { source: { files: unknown[] } }).source).toMatchObject({
      kind: "tree",
      entry: "index.ts",
    });
    expect((requireBody(versions) as { source: { files: unknown[] } }).source.files).toContainEqual({
      path: "same.ts",
      digest: sha256("1"),
    });
  });

  test("uploads nothing when nothing is missing", async () => {
    const { folder, double, client } = await setUp(() => ({ status: 200, json: { missing: [] } }));
    await publish(client, folder);
    expect(double.requests.map(({ path }) => path)).toEqual(["/v1/blobs/missing", "/v1/functions/f/versions"]);
  });

  test("fails when a file changes after it was named", async () => {
    let rewrite: (() => void) | null = null;
    const { folder, client } = await setUp(() => {
      rewrite?.();
      return { status: 200, json: { missing: [sha256("2")] } };
    });
    const { writeFileSync } = await import("node:fs");
    rewrite = () => {
      writeFileSync(join(folder.path, "b.ts"), "changed");
    };
    await expect(publish(client, folder)).rejects.toThrow("Cannot publish b.ts: it changed meanwhile");
  });
});

describe("FileDigests", () => {
  test("reads a file again only when its size or time changed", async () => {
    const folder = await temporaryFolder({ "a.ts": "1" });
    opened.push(folder);
    const location = join(folder.path, "a.ts");
    const file = { path: "a.ts", location, bytes: 1 };
    const digests = new FileDigests();
    await utimes(location, 1_000, 1_000);
    expect(await digests.of(file)).toBe(sha256("1"));
    await writeFile(location, "2");
    await utimes(location, 1_000, 1_000);
    expect(await digests.of(file)).toBe(sha256("1"));
    await utimes(location, 2_000, 2_000);
    expect(await digests.of(file)).toBe(sha256("2"));
  });
});

describe("cutBatches()", () => {
  const sizes = (...bytes: readonly number[]) =>
    cutBatches(bytes.map((count) => ({ bytes: count }))).map((batch) => batch.map((file) => file.bytes));

  test("fills a batch to the limit and not beyond", () => {
    expect(sizes(uploadBatchBytesMax - 1, 1)).toEqual([[uploadBatchBytesMax - 1, 1]]);
    expect(sizes(uploadBatchBytesMax, 1)).toEqual([[uploadBatchBytesMax], [1]]);
  });

  test("sends a file larger than a batch alone", () => {
    expect(sizes(1, uploadBatchBytesMax + 5, 1)).toEqual([[1], [uploadBatchBytesMax + 5], [1]]);
  });

  test("makes no batch of nothing", () => {
    expect(sizes()).toEqual([]);
  });
});
