/** Claims about exit codes and `--json`: one JSON value on stdout whatever happens, and a code scripts can rely on. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { temporaryFolder, type TemporaryFolder } from "../project/temporary-project.ts";
import { errorAnswer, HttpDouble, type Answer } from "./http-double.ts";
import { runTool } from "./run-tool.ts";

let folder: TemporaryFolder;
let double: HttpDouble;
let answer: Answer = { status: 500 };

beforeAll(async () => {
  folder = await temporaryFolder({ "bad.yaml": "a: [", "rules.yaml": "- phase: never" });
  double = await HttpDouble.start(() => answer);
});

afterAll(async () => {
  await double.stop();
  await folder.remove();
});

function run(...words: readonly string[]) {
  return runTool(words, {
    workingDirectory: folder.path,
    environment: { SELVAGE_URL: double.url, SELVAGE_TOKEN: "t" },
  });
}

describe("wrong usage is 2", () => {
  test.each([
    [["nonsense"]],
    [["versions"]],
    [["versions", "a", "b"]],
    [["versions", "a", "--nope"]],
    [["alias", "set", "f", "prod", "v1", "--wait", "31"]],
    [["alias", "set", "f", "prod", "v1", "--wait", "-1"]],
    [["rules", "add", "a.b", "--phase", "never", "--function", "f"]],
    [["rules", "add", "a.b", "--function", "f"]],
    [["rules", "add", "a.b", "--phase", "fetch", "--function", "f", "--path", "/a", "--suffix", ".b"]],
    [["rules", "remove", "a.b", "--phase", "fetch", "--priority", "101"]],
    [["domains", "set", "a.b", "--origin", "ftp://x"]],
    [["domains", "set", "a.b", "--origin", "http://x/path"]],
    [["domains", "set", "a.b", "--origin", "http://x", "--backup", "https://y"]],
    [["domains", "set", "a.b", "--host-header", "x"]],
    [["env", "set", "f", "NOVALUE"]],
    [["invoke", "f", "--header", "nocolon"]],
    [["invoke", "f", "--path", "ftp://x/"]],
    [["logs", "--limit", "0"]],
    [["logs", "--level", "loud"]],
    [["tokens", "create", "x"]],
    [["tokens", "create", "x", "--role", "king"]],
    [["init", "x", "--template", "cobol"]],
    [["dev", "--port", "65536"]],
    [["nodes", "--url", "not a url"]],
  ])("%j", async (words) => {
    answer = { status: 200, json: { rules: [], config: {} } };
    const { code, stdout, stderr } = await run(...words);
    expect(code).toBe(2);
    expect(stdout).toBe("");
    expect(stderr).not.toBe("");
  });

  test("as JSON too", async () => {
    const result = await run("nonsense", "--json");
    expect(result.code).toBe(2);
    expect(result.json()).toMatchObject({ error: { code: "CLI" } });
  });
});

describe("help is 0", () => {
  test.each([[["--help"]], [["help", "publish"]], [["rules", "add", "--help"]], [["--version"]]])(
    "%j",
    async (words) => {
      const { code, stdout, stderr } = await run(...words);
      expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
      expect(stdout).not.toBe("");
    },
  );

  test("every command shows examples", async () => {
    const { stdout } = await run("--help");
    const names = [...stdout.matchAll(/^ {2}([a-z][a-z-]*)(?: |$)/gm)].map(([, name = ""]) => name);
    const own = names.filter((name) => !["help", "control-plane", "node"].includes(name));
    expect(own).toHaveLength(32);
    for (const name of own) {
      expect((await run("help", name)).stdout).toContain("Examples:\n  $ selvage ");
    }
  });
});

describe("what the control plane answers decides", () => {
  test.each([
    [400, "INPUT_INVALID", 3],
    [404, "NOT_FOUND", 3],
    [409, "CONFLICT", 3],
    [413, "PAYLOAD_TOO_LARGE", 3],
    [422, "PUBLISH_REFUSED", 3],
    [401, "UNAUTHENTICATED", 5],
    [403, "FORBIDDEN", 5],
    [429, "BUILD_QUEUE_FULL", 1],
    [500, "CONTROL_INTERNAL", 1],
    [503, "NO_NODE", 1],
  ])("%i %s is %i", async (status, code, exitCode) => {
    answer = errorAnswer(status, code);
    const text = await run("versions", "f");
    expect(text).toMatchObject({ code: exitCode, stdout: "" });
    expect(text.stderr).toContain(`told ${code}`);
    const json = await run("versions", "f", "--json");
    expect(json).toMatchObject({ code: exitCode, stderr: "" });
    expect(json.json()).toEqual({ error: { code, message: `told ${code}`, requestId: "r-1", problems: [] } });
  });

  test("a page of another server is 4", async () => {
    answer = { write: (response) => void response.end("<html>") };
    expect((await run("nodes")).code).toBe(4);
  });

  test("nobody listening is 4 and names the URL", async () => {
    const { code, stderr } = await run("nodes", "--url", "http://127.0.0.1:9");
    expect(code).toBe(4);
    expect(stderr).toContain("http://127.0.0.1:9");
  });
});

describe("refused input is 3", () => {
  test.each([
    [["publish", "nowhere"], "is not a folder"],
    [["publish"], "selvage.json: does not exist"],
    [["domains", "set", "UPPER.example"], "domain: received"],
    [["domains", "set", "a.b", "missing.yaml"], "missing.yaml"],
    [["domains", "set", "a.b", "bad.yaml"], "is neither JSON nor YAML"],
    [["domains", "set", "a.b", "rules.yaml"], "allowed: an object"],
    [["rules", "set", "a.b", "rules.yaml"], "rules[0].phase"],
    [["rules", "remove", "a.b", "--phase", "fetch", "--priority", "1"], "has no rule"],
    [["env", "unset", "f", "GONE"], "neither a variable nor a secret"],
    [["env", "set", "f", "RUNTIME_X=1"], "RUNTIME_"],
    [["invoke", "f", "--body", "@missing"], "missing"],
    [["start", "--config", "bad.yaml"], "is not YAML"],
    [["init", "9bad"], "letters, digits"],
  ])("%j", async (words, message) => {
    answer = { status: 200, json: { rules: [], config: {}, variables: {}, secrets: [] } };
    const { code, stderr } = await run(...words);
    expect({ code, stderr }).toEqual({ code: 3, stderr: expect.stringContaining(message) as string });
  });
});

describe("a result that is a failure", () => {
  const failed = {
    id: "1",
    outcome: { kind: "failed", code: "FUNCTION_THREW", message: "no" },
    durationMs: 1,
    logs: [],
  };

  test("invoke shows it once, as JSON alone, and is 1", async () => {
    answer = { status: 200, json: failed };
    const run1 = await run("invoke", "f", "--json");
    expect(run1.code).toBe(1);
    expect(run1.json()).toEqual(failed);
    const text = await run("invoke", "f");
    expect(text).toMatchObject({ code: 1, stdout: "FUNCTION_THREW no\n" });
  });

  test("control characters of a function do not reach the terminal", async () => {
    answer = { status: 200, json: { ...failed, outcome: { ...failed.outcome, message: "\u001b[31mred\u0007" } } };
    expect((await run("invoke", "f")).stdout).toBe("FUNCTION_THREW [31mred\n");
  });
});

describe("doctor", () => {
  test("is 1 when a given control plane cannot be reached, and says so as JSON", async () => {
    const result = await run("doctor", "--url", "http://127.0.0.1:9", "--json");
    expect(result.code).toBe(1);
    expect(result.json()).toContainEqual(expect.objectContaining({ name: "control plane", status: "fail" }));
    expect(result.json()).toContainEqual(expect.objectContaining({ name: "isolated-vm", status: "ok" }));
    expect(result.json()).toContainEqual(expect.objectContaining({ name: "uWebSockets.js", status: "ok" }));
  });

  test("says which folder cannot be written", async () => {
    const file = join(folder.path, "file");
    await writeFile(file, "");
    await mkdir(join(folder.path, "sub"), { recursive: true });
    const result = await run("doctor", "--data", join(file, "data"), "--url", "http://127.0.0.1:9", "--json");
    expect(result.json()).toContainEqual(expect.objectContaining({ name: "data folder", status: "fail" }));
  });
});
