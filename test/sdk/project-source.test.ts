/** Claims about which files of a project are published, and where its packages are found and placed. */
import { afterEach, describe, expect, test } from "vitest";
import { truncate } from "node:fs/promises";
import { join } from "node:path";
import { publishLimits } from "../../sdk/limits.ts";
import { readProject } from "../../sdk/project-source.ts";
import { parsedValue, problemLines, problemPaths } from "./expect-problems.ts";
import { temporaryFolder, type TemporaryFolder } from "./project/temporary-project.ts";

const folders: TemporaryFolder[] = [];

afterEach(async () => {
  await Promise.all(folders.splice(0).map((folder) => folder.remove()));
});

async function makeFolder(files: Readonly<Record<string, string>>): Promise<TemporaryFolder> {
  const folder = await temporaryFolder(files);
  folders.push(folder);
  return folder;
}

async function read(files: Readonly<Record<string, string>>, directory = ".") {
  const folder = await makeFolder(files);
  return readProject({ directory: join(folder.path, directory) });
}

async function pathsOf(files: Readonly<Record<string, string>>, directory = "."): Promise<readonly string[]> {
  return parsedValue(await read(files, directory))
    .files.map(({ path }) => path)
    .sort();
}

const project = { "selvage.json": '{"name": "f"}', "index.ts": "" };

function manifest(dependencies: object, more: object = {}): string {
  return JSON.stringify({ name: "x", version: "1.0.0", dependencies, ...more });
}

describe("readProject() own files", () => {
  test("takes sources and leaves private, test and foreign files out", async () => {
    const paths = await pathsOf({
      ...project,
      "src/a.tsx": "",
      "src/deep/b.sql": "",
      "data.json": "{}",
      "page.html": "",
      ".env": "SECRET=1",
      ".git/config": "",
      ".selvage/dev/key.json": "",
      "package-lock.json": "{}",
      "types.d.ts": "",
      "a.test.ts": "",
      "test/x.ts": "",
      "coverage/x.js": "",
      "image.png": "",
      "node_modules/stray/index.js": "",
    });
    expect(paths).toEqual(["data.json", "index.ts", "page.html", "selvage.json", "src/a.tsx", "src/deep/b.sql"]);
  });

  test("follows links to files, not to folders", async () => {
    const paths = await pathsOf({ ...project, "real/a.ts": "", "b.ts": "-> real/a.ts", loop: "-> ." });
    expect(paths).toEqual(["b.ts", "index.ts", "real/a.ts", "selvage.json"]);
  });

  test.each([
    [{ "index.ts": "", "index.js": "" }, "index.ts"],
    [{ "index.js": "", "src/index.ts": "" }, "index.js"],
    [{ "src/index.ts": "" }, "src/index.ts"],
  ])("finds the entry of case %#", async (files, entry) => {
    const parsed = await read({ "selvage.json": '{"name": "f"}', ...(files as Record<string, string>) });
    expect(parsedValue(parsed).entry).toBe(entry);
  });

  test.each([
    [{ "index.ts": "" }, "selvage.json"],
    [{ "selvage.json": "{", "index.ts": "" }, "selvage.json"],
    [{ "selvage.json": '{"name": "9"}', "index.ts": "" }, "selvage.json: name"],
    [{ "selvage.json": '{"name": "f"}' }, "entry"],
    [{ "selvage.json": '{"name": "f", "entry": "a.ts"}', "index.ts": "" }, "entry"],
    [{ "selvage.json": '{"name": "f", "entry": "test/a.ts"}', "test/a.ts": "" }, "entry"],
  ])("refuses case %#", async (files, path) => {
    expect(problemPaths(await read(files as Record<string, string>))).toEqual([path]);
  });

  test("refuses a folder that does not exist", async () => {
    expect(problemPaths(await readProject({ directory: "/nowhere/at/all" }))).toEqual(["/nowhere/at/all"]);
  });

  test("refuses one file that is larger than a bundle may be", async () => {
    const folder = await makeFolder({ ...project, "big.json": "" });
    await truncate(join(folder.path, "big.json"), publishLimits.bundleBytesMax);
    expect((await readProject({ directory: folder.path })).ok).toBe(true);
    await truncate(join(folder.path, "big.json"), publishLimits.bundleBytesMax + 1);
    expect(problemPaths(await readProject({ directory: folder.path }))).toEqual(["big.json"]);
  });

  test("refuses more bytes than allowed and names the largest folder", async () => {
    const folder = await makeFolder({ ...project });
    for (let i = 0; i < 7; i++) {
      await folder.write({ [`huge/${i}.json`]: "" });
      await truncate(join(folder.path, `huge/${i}.json`), 10_000_000);
    }
    const lines = problemLines(await readProject({ directory: folder.path }));
    expect(lines).toEqual([
      expect.stringContaining("sources: received more than 67108864 bytes, allowed: 67108864; largest: huge (7 files"),
    ]);
  });
});

describe("readProject() packages", () => {
  test("takes production packages with their own, not development ones", async () => {
    const paths = await pathsOf({
      ...project,
      "package.json": manifest({ a: "1" }, { devDependencies: { dev: "1" } }),
      "node_modules/a/package.json": manifest({ b: "1" }, { devDependencies: { c: "1" } }),
      "node_modules/a/index.js": "",
      "node_modules/a/index.d.ts": "",
      "node_modules/a/index.js.map": "",
      "node_modules/a/test/used.js": "",
      "node_modules/b/package.json": manifest({}),
      "node_modules/b/index.mjs": "",
      "node_modules/c/package.json": manifest({}),
      "node_modules/dev/package.json": manifest({}),
    });
    expect(paths.filter((path) => path.startsWith("node_modules/"))).toEqual([
      "node_modules/a/index.js",
      "node_modules/a/package.json",
      "node_modules/a/test/used.js",
      "node_modules/b/index.mjs",
      "node_modules/b/package.json",
    ]);
  });

  test("finds hoisted packages above the project and places them at its top", async () => {
    const files = {
      "functions/f/selvage.json": '{"name": "f"}',
      "functions/f/index.ts": "",
      "functions/f/package.json": manifest({ "@scope/a": "1" }),
      "node_modules/@scope/a/package.json": manifest({ b: "1" }),
      "node_modules/b/package.json": manifest({}),
      "node_modules/b/index.js": "",
    };
    expect(await pathsOf(files, "functions/f")).toEqual([
      "index.ts",
      "node_modules/@scope/a/package.json",
      "node_modules/b/index.js",
      "node_modules/b/package.json",
      "package.json",
      "selvage.json",
    ]);
  });

  test("keeps two versions of one package apart, each where its user finds it", async () => {
    const files = {
      "f/selvage.json": '{"name": "f"}',
      "f/index.ts": "",
      "f/package.json": manifest({ a: "1", b: "1" }),
      "f/node_modules/a/package.json": manifest({}),
      "f/node_modules/a/own.js": "",
      "node_modules/a/package.json": manifest({}),
      "node_modules/a/hoisted.js": "",
      "node_modules/b/package.json": manifest({ a: "2" }),
    };
    const paths = await pathsOf(files, "f");
    expect(paths).toContain("node_modules/a/own.js");
    expect(paths).toContain("node_modules/b/node_modules/a/hoisted.js");
  });

  test("ends on packages that need each other", async () => {
    const paths = await pathsOf({
      ...project,
      "package.json": manifest({ a: "1" }),
      "node_modules/a/package.json": manifest({ b: "1" }),
      "node_modules/b/package.json": manifest({ a: "1" }),
    });
    expect(paths).toHaveLength(5);
  });

  test("takes TypeScript of workspace packages, which are linked", async () => {
    const files = {
      "f/selvage.json": '{"name": "f"}',
      "f/index.ts": "",
      "f/package.json": manifest({ shared: "*" }),
      "shared/package.json": manifest({}),
      "shared/index.ts": "",
      "node_modules/shared": "-> ../shared",
    };
    expect(await pathsOf(files, "f")).toContain("node_modules/shared/index.ts");
  });

  test("takes optional and peer packages when they are there", async () => {
    const paths = await pathsOf({
      ...project,
      "package.json": manifest(
        {},
        { optionalDependencies: { o: "1", gone: "1" }, peerDependencies: { p: "1", away: "1" } },
      ),
      "node_modules/o/package.json": manifest({}),
      "node_modules/p/package.json": manifest({}),
    });
    expect(paths).toEqual(expect.arrayContaining(["node_modules/o/package.json", "node_modules/p/package.json"]));
  });

  test("names every package that is not installed and who needs it", async () => {
    const lines = problemLines(
      await read({
        ...project,
        "package.json": manifest({ a: "1", gone: "1", "../evil": "1" }),
        "node_modules/a/package.json": manifest({ lost: "1" }),
      }),
    );
    expect(lines).toEqual([
      "package.json: needs the package gone, which is not installed: run npm install",
      "package.json: needs the package ../evil, which is not installed: run npm install",
      "node_modules/a/package.json: needs the package lost, which is not installed: run npm install",
    ]);
  });
});
