/** The whole tool against a real control plane and a real node: what a user does from the first file to a rollback. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { sendRequest } from "../../../bench/harness/http-exchange.ts";
import { LocalFleet, type FleetNode } from "../../../bench/harness/local-fleet.ts";
import { pathWithNode } from "../../../bench/harness/project-files.ts";
import { temporaryFolder, type TemporaryFolder } from "../project/temporary-project.ts";
import { runTool, type ToolRun, type ToolWorld } from "./run-tool.ts";

const HOST = "tool.test";
let folder: TemporaryFolder;
let fleet: LocalFleet;
let node: FleetNode;

beforeAll(async () => {
  folder = await temporaryFolder();
  const { PATH = "", HOME = "/" } = process.env;
  fleet = await LocalFleet.start({ folder: join(folder.path, "fleet"), env: { PATH: pathWithNode(PATH), HOME } });
  node = await fleet.startNode({ name: "one", settings: {} });
}, 180_000);

afterAll(async () => {
  await fleet.stop();
  await folder.remove();
}, 180_000);

function run(words: readonly string[], world: Partial<ToolWorld> = {}): Promise<ToolRun> {
  const environment = { SELVAGE_URL: fleet.controlUrl, SELVAGE_TOKEN: fleet.adminToken, ...world.environment };
  return runTool(words, { workingDirectory: folder.path, ...world, environment });
}

/** Runs with `--json` and expects success. */
async function json(words: readonly string[], world: Partial<ToolWorld> = {}): Promise<unknown> {
  const result = await run([...words, "--json"], world);
  if (result.code !== 0) throw new Error(`selvage ${words.join(" ")} ended with ${result.code}: ${result.stdout}`);
  return result.json();
}

async function served(): Promise<unknown> {
  const { body } = await sendRequest({ url: `${node.edgeUrl}/?name=Ada`, host: HOST });
  return JSON.parse(body.toString()) as unknown;
}

async function save(greeting: string): Promise<void> {
  const source = `export default { fetch(request, env) {
    console.log("serving", ${JSON.stringify(greeting)});
    return Response.json({ greeting: ${JSON.stringify(greeting)}, variable: env.PLACE, secret: env.KEY });
  } };`;
  await writeFile(join(folder.path, "hello/src/index.ts"), source);
}

describe("from nothing to served and back", { timeout: 180_000 }, () => {
  test("init makes a project that publishes", async () => {
    expect(await json(["init", "hello"])).toMatchObject({ name: "hello" });
    const result = await run(["publish", "hello", "--alias", "prod", "--wait", "20", "--name", "first"]);
    expect(result).toMatchObject({ code: 0, stderr: "" });
    expect(result.stdout).toContain("hello first (fetch)");
    expect(result.stdout).toMatch(/serving on 1 of 1 nodes in \d+ ms/);
  });

  test("init does not overwrite", async () => {
    expect((await run(["init", "hello"])).code).toBe(3);
  });

  test("a domain and a rule bring it to the edge", async () => {
    await json(["domains", "set", HOST, "--origin", "http://127.0.0.1:9"]);
    await json(["rules", "add", HOST, "--phase", "fetch", "--function", "hello", "--alias", "prod"]);
    expect(await served()).toEqual({ message: "Hello, Ada!", version: "first" });
  });

  test("publishing again changes what is served; versions list both, newest first", async () => {
    await save("second");
    const published = await json(
      [
        "publish",
        "hello",
        "--alias",
        "prod",
        "--wait",
        "20",
        "--name",
        "second",
        "--var",
        "PLACE=here",
        "--secret",
        "KEY",
      ],
      { stdin: "hidden\n" },
    );
    expect(published).toMatchObject({
      version: { version: "second", aliases: ["prod"] },
      rollout: { nodesServing: 1 },
    });
    expect(await served()).toEqual({ greeting: "second", variable: "here", secret: "hidden" });
    expect(await json(["versions", "hello"])).toMatchObject([{ version: "second" }, { version: "first" }]);
  });

  test("publishing the same again is refused", async () => {
    const result = await run(["publish", "hello", "--alias", "prod"]);
    expect(result.code).toBe(3);
    expect(result.stderr).toContain("nothing to publish");
  });

  test("rollback serves the version before, an alias goes anywhere", async () => {
    expect(await json(["rollback", "hello", "prod", "--wait", "20"])).toMatchObject({ alias: { version: "first" } });
    expect(await served()).toMatchObject({ version: "first" });
    await json(["alias", "set", "hello", "prod", "second", "--wait", "20"]);
    expect(await served()).toMatchObject({ greeting: "second" });
    expect(await json(["alias", "list", "hello"])).toMatchObject([{ name: "prod", version: "second" }]);
  });

  test("secrets are never shown, variables are", async () => {
    const listed = await json(["env", "list", "hello"]);
    expect(listed).toMatchObject({ variables: { PLACE: "here", GREETING: "Hello" }, secrets: ["KEY"] });
    expect(JSON.stringify(listed)).not.toContain("hidden");
    await json(["env", "set", "hello", "PLACE=there"]);
    expect(await json(["env", "unset", "hello", "KEY"])).toMatchObject({ variables: { PLACE: "there" }, secrets: [] });
  });

  test("rules: a file replaces all, refusals change nothing, remove takes one away", async () => {
    const rule = { phase: "fetch", matchType: "all", function: "hello", alias: "prod", priority: 7 };
    await writeFile(join(folder.path, "rules.json"), JSON.stringify([rule, { ...rule, priority: 8, enabled: false }]));
    await json(["rules", "set", HOST, "rules.json"]);
    expect(await json(["rules", "get", HOST])).toMatchObject([{ priority: 7 }, { priority: 8 }]);
    await writeFile(join(folder.path, "rules.json"), JSON.stringify([rule, rule]));
    const refused = await run(["rules", "set", HOST, "rules.json"]);
    expect(refused.code).toBe(3);
    expect(refused.stderr).toContain("rules[1].priority: received 7");
    const unknown = await run(["rules", "add", HOST, "--phase", "fetch", "--function", "hello", "--to-version", "v0"]);
    expect(unknown.code).toBe(3);
    await json(["rules", "remove", HOST, "--phase", "fetch", "--priority", "8"]);
    expect(await json(["rules", "get", HOST])).toMatchObject([{ priority: 7 }]);
  });

  test("what domains get prints, domains set takes", async () => {
    const shown = await run(["domains", "get", HOST]);
    await writeFile(join(folder.path, "domain.yaml"), shown.stdout);
    await json([
      "domains",
      "set",
      HOST,
      "domain.yaml",
      "--backup",
      "http://127.0.0.1:10",
      "--origin",
      "http://127.0.0.1:9",
    ]);
    expect(await json(["domains", "get", HOST])).toMatchObject({
      config: {
        sources: [
          { http_port: 9, priority: 70 },
          { http_port: 10, priority: 30 },
        ],
      },
      rules: [{ priority: 7 }],
    });
    expect(await json(["domains"])).toMatchObject([{ config: { domain: HOST } }]);
  });

  test("invoke runs the function once and shows its logs; logs find them again", async () => {
    const result = await run(["invoke", "hello", "--path", "/x"]);
    expect(result.code).toBe(0);
    expect(result.stdout).toContain('"greeting":"second"');
    expect(result.stderr).toContain("serving second");
    const bodies = (await json(["invoke", "hello"])) as { outcome: { kind: string } };
    expect(bodies.outcome.kind).toBe("response");
  });

  test("logs --follow prints records as they come, one JSON object per line", async () => {
    const stop = new AbortController();
    const onStdout = (text: string) => {
      if (text.includes("\n")) stop.abort();
    };
    const following = run(["logs", "hello", "--follow", "--json"], { stop: stop.signal, onStdout });
    while (!stop.signal.aborted) await served();
    const { code, stdout } = await following;
    expect(code).toBe(0);
    expect(JSON.parse(stdout.split("\n")[0] ?? "")).toMatchObject({ function: "hello", message: "serving second" });
  });

  test("nodes, tokens and doctor see the fleet", async () => {
    expect(await json(["nodes"])).toMatchObject([{ name: "one", connected: true }]);
    const created = (await json(["tokens", "create", "ci", "--role", "publisher"])) as { id: string; token: string };
    const environment = { SELVAGE_TOKEN: created.token };
    expect((await run(["functions"], { environment })).code).toBe(0);
    expect((await run(["tokens", "list"], { environment })).code).toBe(5);
    await json(["tokens", "delete", created.id]);
    expect((await run(["functions"], { environment })).code).toBe(5);
    const checks = await json(["doctor"]);
    for (const name of ["control plane", "token", "nodes", "clock"]) {
      expect(checks).toContainEqual(expect.objectContaining({ name, status: "ok" }));
    }
  });

  test("a syntax error is refused with file and line, and nothing changes", async () => {
    await writeFile(join(folder.path, "hello/src/index.ts"), "export default {\n  fetch( {\n};");
    const result = await run(["publish", "hello", "--alias", "prod"]);
    expect(result.code).toBe(3);
    expect(result.stderr).toMatch(/src\/index\.ts:\d+:\d+/);
    expect(await served()).toMatchObject({ greeting: "second" });
  });

  test("rollup bundles with the project's own configuration", async () => {
    await writeFile(
      join(folder.path, "hello/rollup.config.js"),
      "export default { plugins: [{ name: 'say', transform: (code) => code.replace('WHO', 'rollup') }] };",
    );
    await writeFile(
      join(folder.path, "hello/src/index.js"),
      'export default { fetch: () => Response.json({ greeting: "WHO" }) };',
    );
    await writeFile(
      join(folder.path, "hello/selvage.json"),
      '{"name": "hello", "entry": "src/index.js", "bundler": "rollup"}',
    );
    await json(["publish", "hello", "--alias", "prod", "--wait", "20"]);
    expect(await served()).toEqual({ greeting: "rollup" });
  });

  test("what is in use is not deleted; what is not, is", async () => {
    expect((await run(["functions", "delete", "hello"])).code).toBe(3);
    expect((await run(["alias", "delete", "hello", "prod"])).code).toBe(3);
    await json(["domains", "delete", HOST]);
    await json(["alias", "delete", "hello", "prod"]);
    await json(["functions", "delete", "hello"]);
    expect(await json(["functions"])).toEqual([]);
    expect((await run(["versions", "hello"])).code).toBe(3);
  });
});

describe("functions that call each other", { timeout: 180_000 }, () => {
  const CALLS = "calls.test";
  async function project(name: string, files: { readonly file: object; readonly source: string }): Promise<void> {
    await mkdir(join(folder.path, name), { recursive: true });
    await writeFile(
      join(folder.path, name, "selvage.json"),
      JSON.stringify({ name, entry: "index.js", ...files.file }),
    );
    await writeFile(join(folder.path, name, "index.js"), files.source);
  }
  const saveAuth = (word: string): Promise<void> =>
    project("auth", { file: {}, source: `export default { fetch: () => new Response(${JSON.stringify(word)}) };` });
  async function called(): Promise<string> {
    return (await sendRequest({ url: `${node.edgeUrl}/`, host: CALLS })).body.toString();
  }

  test("a binding to a function that does not exist is refused", async () => {
    await project("caller", {
      file: { services: { AUTH: { function: "auth", alias: "prod" } } },
      source: `export default { async fetch(request, env) {
        try { return new Response("auth says " + (await (await env.AUTH.fetch("http://auth/")).text())); }
        catch (error) { return new Response(error.message); }
      } };`,
    });
    const result = await run(["publish", "caller"]);
    expect(result.code).toBe(3);
    expect(result.stderr).toContain('services.AUTH.function: received "auth", allowed: an existing function');
  });

  test("publish says what is bound, and the called function answers without a rule of its own", async () => {
    await saveAuth("one");
    await json(["publish", "auth", "--alias", "prod", "--wait", "20"]);
    const result = await run(["publish", "caller", "--alias", "prod", "--wait", "20"]);
    expect(result.stdout).toContain("services: AUTH=auth@prod");
    expect((await run(["versions", "caller"])).stdout).toContain("AUTH=auth@prod");
    await json(["domains", "set", CALLS]);
    await json(["rules", "add", CALLS, "--phase", "fetch", "--function", "caller", "--alias", "prod"]);
    expect(await called()).toBe("auth says one");
  });

  test("the binding follows its alias, and a target that is gone is told with a code", async () => {
    await saveAuth("two");
    await json(["publish", "auth", "--alias", "prod", "--wait", "20"]);
    expect(await called()).toBe("auth says two");
    await json(["alias", "delete", "auth", "prod"]);
    await expect.poll(called, { timeout: 180_000 }).toContain("(SERVICE_NOT_FOUND)");
  });
});
