/** Claims about where URL and token come from, and how they are kept. */
import { readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { temporaryFolder, type TemporaryFolder } from "../project/temporary-project.ts";
import { errorAnswer, HttpDouble, type Answer } from "./http-double.ts";
import { runTool, type ToolWorld } from "./run-tool.ts";

let home: TemporaryFolder;
let double: HttpDouble;
let answer: Answer;

beforeEach(async () => {
  home = await temporaryFolder();
  answer = { status: 200, json: { functions: [], nodes: [] } };
  double = await HttpDouble.start(() => answer);
});

afterEach(async () => {
  await double.stop();
  await home.remove();
});

function run(words: readonly string[], world: Partial<ToolWorld> = {}) {
  return runTool(words, { workingDirectory: home.path, ...world });
}

const storedPath = () => join(home.path, ".config", "selvage", "credentials.json");

async function tokenSent(words: readonly string[], world: Partial<ToolWorld> = {}): Promise<string | undefined> {
  await run(words, world);
  return double.requests.at(-1)?.authorization;
}

describe("login", () => {
  test("stores what the control plane accepted, for this user alone", async () => {
    const result = await run(["login", "--url", double.url], { stdin: "slv_secret\n" });
    expect(result.code).toBe(0);
    expect(JSON.parse(await readFile(storedPath(), "utf8"))).toEqual({ url: double.url, token: "slv_secret" });
    expect((await stat(storedPath())).mode & 0o777).toBe(0o600);
    expect(result.stdout + result.stderr).not.toContain("slv_secret");
    expect(await tokenSent(["nodes"])).toBe("Bearer slv_secret");
  });

  test("stores nothing that was refused", async () => {
    answer = errorAnswer(401, "UNAUTHENTICATED");
    expect((await run(["login", "--url", double.url], { stdin: "wrong" })).code).toBe(5);
    await expect(stat(storedPath())).rejects.toThrow("ENOENT");
  });

  test("refuses no token at all", async () => {
    expect((await run(["login", "--url", double.url], { stdin: "\n" })).code).toBe(2);
  });
});

describe("precedence", () => {
  test("flag, then environment, then what is stored", async () => {
    await run(["login", "--url", double.url], { stdin: "stored" });
    const environment = { SELVAGE_TOKEN: "from-environment" };
    expect(await tokenSent(["nodes"])).toBe("Bearer stored");
    expect(await tokenSent(["nodes"], { environment })).toBe("Bearer from-environment");
    expect(await tokenSent(["nodes", "--token", "from-flag"], { environment })).toBe("Bearer from-flag");
  });

  test("a stored token is not sent to another URL", async () => {
    await run(["login", "--url", double.url], { stdin: "stored" });
    const other = await HttpDouble.start(() => answer);
    try {
      await run(["nodes", "--url", other.url]);
      expect(other.requests.map(({ authorization }) => authorization)).toEqual([undefined]);
    } finally {
      await other.stop();
    }
  });

  test("a damaged file is reported with its path, not overwritten", async () => {
    await run(["login", "--url", double.url], { stdin: "stored" });
    await writeFile(storedPath(), "{");
    const { code, stderr } = await run(["nodes"]);
    expect(code).toBe(1);
    expect(stderr).toContain(storedPath());
    expect(await readFile(storedPath(), "utf8")).toBe("{");
  });
});
