/** The commands of `selvage domains` against a real control plane without nodes: documents, differences, versions, and back. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import type { DomainChange, DomainResource, DomainVersionSummaryResource } from "../../../sdk/api.ts";
import type { DomainDifference } from "../../../sdk/domain-diff.ts";
import { domainDiffText } from "../../../sdk/cli/domain-diff-text.ts";
import picocolors from "picocolors";
import { adminToken, passing, TestControlPlane } from "../../control-plane/test-control-plane.ts";
import { temporaryFolder, type TemporaryFolder } from "../project/temporary-project.ts";
import { runTool, type ToolRun } from "./run-tool.ts";

let control: TestControlPlane;
let folder: TemporaryFolder;
beforeAll(async () => {
  folder = await temporaryFolder();
  control = await TestControlPlane.start();
  await control.publish("gate", passing("1"), { version: "v1", aliases: ["prod"] });
}, 180_000);
afterAll(async () => {
  await control.close();
  await folder.remove();
});

function run(words: readonly string[], stdin = ""): Promise<ToolRun> {
  const environment = { SELVAGE_URL: control.url, SELVAGE_TOKEN: adminToken };
  return runTool(words, { workingDirectory: folder.path, environment, stdin });
}
async function json<T>(...words: readonly string[]): Promise<T> {
  const result = await run([...words, "--json"]);
  if (result.code !== 0) throw new Error(`selvage ${words.join(" ")} ended with ${result.code}: ${result.stdout}`);
  return result.json() as T;
}
const save = (text: string) => writeFile(join(folder.path, "domain.yaml"), text);

let count = 0;
/** A domain with one version. */
async function domain(document = "origin_receive_timeout: 5\n"): Promise<string> {
  const name = `c${++count}.example.com`;
  await save(document);
  await json("domains", "put", name, "-f", "domain.yaml", "--wait", "0");
  return name;
}

describe("domains put", { timeout: 180_000 }, () => {
  test("shows what changes and the new version", async () => {
    const name = await domain();
    await save("origin_receive_timeout: 6\nhsts: { status: 'on' }\n");
    const { code, stdout } = await run([
      "domains",
      "put",
      name,
      "-f",
      "domain.yaml",
      "--wait",
      "0",
      "--comment",
      "why",
    ]);
    expect(code).toBe(0);
    expect(stdout).toContain("~ origin_receive_timeout: 5 → 6\n");
    expect(stdout).toContain("+ hsts:\n    status: on\n    max_age: 5184000\n");
    expect(stdout).toContain(`${name} version 2: no node is connected`);
    const [newest] = await json<DomainVersionSummaryResource[]>("domains", "versions", name);
    expect(newest).toMatchObject({ version: 2, comment: "why" });
  });

  test("says when nothing changes", async () => {
    const name = await domain();
    const { stdout } = await run(["domains", "put", name, "-f", "-"], "origin_receive_timeout: 5");
    expect(stdout).toBe(`nothing changes: ${name} stays at version 1\n`);
  });

  test("dry changes nothing", async () => {
    const name = await domain();
    await save("enabled: false");
    const { stdout } = await run(["domains", "put", name, "-f", "domain.yaml", "--dry-run"]);
    expect(stdout).toContain(`dry run: would be ${name} version 2`);
    expect((await json<DomainResource>("domains", "show", name)).version).toBe(1);
  });

  test("refuses another version than expected, and a wrong document with all of its problems", async () => {
    const name = await domain();
    const stale = await run(["domains", "put", name, "-f", "-", "--expect", "7"], "enabled: false");
    expect([stale.code, stale.stderr]).toEqual([3, expect.stringContaining("is at version 1, expected was version 7")]);
    const wrong = await run(["domains", "put", name, "-f", "-"], "enabled: 1\nremote_auth: {}\nttl: 5");
    expect(wrong.code).toBe(3);
    for (const key of ["enabled: received 1", "remote_auth: is not kept here", "ttl: is not a key"]) {
      expect(wrong.stderr).toContain(key);
    }
  });
});

describe("domains show", { timeout: 180_000 }, () => {
  test("prints what put takes: rules included, keys masked and kept", async () => {
    const rules = "rules: [{ phase: clientRequest, matchType: all, function: gate, alias: prod, priority: 1 }]";
    const name = await domain(`url_auth: { status: "on", type: type_a, key: abcdefgh12345678 }\n${rules}`);
    const shown = await run(["domains", "show", name]);
    expect(parse(shown.stdout)).toMatchObject({ url_auth: { key: "***78" }, rules: [{ function: "gate" }] });
    const again = await run(["domains", "put", name, "-f", "-"], shown.stdout);
    expect(again.stdout).toContain("nothing changes");
    expect((await run(["domains", "show", name, "--secrets"])).stdout).toContain("abcdefgh12345678");
  });

  test("prints an earlier version", async () => {
    const name = await domain();
    await run(["domains", "set", name, "--disable"]);
    const old = await run(["domains", "show", name, "--at", "1"]);
    expect(parse(old.stdout)).toMatchObject({ enabled: true });
  });
});

describe("domains diff", { timeout: 180_000 }, () => {
  test("compares a document with what is served, and ends with 1 only when asked", async () => {
    const name = await domain();
    const words = ["domains", "diff", name, "-f", "-"];
    const found = await run(words, "origin_receive_timeout: 9");
    expect(found).toMatchObject({ code: 0, stdout: "~ origin_receive_timeout: 5 → 9\n" });
    expect(await run([...words, "--exit-code"], "origin_receive_timeout: 9")).toMatchObject({ code: 1 });
    const none = await run([...words, "--exit-code"], "origin_receive_timeout: 5");
    expect(none).toMatchObject({ code: 0, stdout: "no differences\n" });
    const asJson = await run([...words, "--exit-code", "--json"], "origin_receive_timeout: 9");
    expect([asJson.code, asJson.json()]).toEqual([
      1,
      { differences: [{ path: "origin_receive_timeout", before: 5, after: 9 }] },
    ]);
  });

  test("compares versions", async () => {
    const name = await domain();
    await save("origin_receive_timeout: 6");
    await run(["domains", "put", name, "-f", "domain.yaml", "--wait", "0"]);
    for (const range of [
      ["--from", "1"],
      ["--from", "1", "--to", "2"],
    ]) {
      const { differences } = await json<{ differences: DomainDifference[] }>("domains", "diff", name, ...range);
      expect(differences).toEqual([{ path: "origin_receive_timeout", before: 5, after: 6 }]);
    }
  });

  test.each([[[]], [["--from", "x"]], [["--from", "0"]], [["--to", "1"]], [["-f", "x.yaml", "--from", "1"]]])(
    "with %j is wrong usage",
    async (words) => {
      expect((await run(["domains", "diff", "a.example.com", ...words])).code).toBe(2);
    },
  );
});

describe("domains rollback", { timeout: 180_000 }, () => {
  test("goes back one version, or to the one that is named", async () => {
    const name = await domain();
    for (const timeout of [6, 7]) {
      await save(`origin_receive_timeout: ${timeout}`);
      await run(["domains", "put", name, "-f", "domain.yaml", "--wait", "0"]);
    }
    const back = await run(["domains", "rollback", name, "--wait", "0"]);
    expect(back.stdout).toContain("~ origin_receive_timeout: 7 → 6");
    const change = await json<DomainChange>("domains", "rollback", name, "--to", "1", "--wait", "0");
    expect(change.domain).toMatchObject({ version: 5, config: { origin_receive_timeout: 5 } });
    const table = await run(["domains", "versions", name]);
    expect(table.stdout.split("\n").map((line) => line.split(" ")[0])).toEqual([
      "VERSION",
      "5",
      "4",
      "3",
      "2",
      "1",
      "",
    ]);
    expect(table.stdout).toContain("back to version 2");
  });
});

describe("domains keys", () => {
  test("explains every key, or one with what is in it", async () => {
    const all = await run(["domains", "keys"]);
    for (const text of ['cache_rules[].follow_origin (default "off")', "rules\n", "remote_auth\n", "0..31536000"]) {
      expect(all.stdout).toContain(text);
    }
    const one = await run(["domains", "keys", "hsts"]);
    expect(one.stdout).toMatch(/^hsts \(optional\)\n/);
    expect(one.stdout).not.toContain("cache_rules");
    expect(await run(["domains", "keys", "nonsense"])).toMatchObject({ code: 3 });
  });
});

describe("domainDiffText()", () => {
  const colors = picocolors.createColors(true);

  test("colours what came, went and changed, and lets nothing steer the terminal", () => {
    const text = domainDiffText(
      [
        { path: "a", after: 1 },
        { path: "b", before: "x" },
        { path: "c", before: "\u001b[2J", after: "y" },
        { path: "d", before: [1], after: "z" },
      ],
      { colors, empty: "" },
    );
    expect(text).toContain(colors.green("+ a: 1"));
    expect(text).toContain(colors.red('- b: "x"'));
    expect(text).toContain(`${colors.red("- d:\n    - 1")}\n${colors.green('+ d: "z"')}`);
    expect(text).not.toContain("\u001b[2J");
  });
});
