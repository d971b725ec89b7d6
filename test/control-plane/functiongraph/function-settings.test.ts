import { describe, expect, it } from "vitest";
import type { FgsError } from "../../../control-plane/functiongraph/fgs-error.ts";
import { fgsStatus } from "../../../control-plane/functiongraph/fgs-error.ts";
import { entryOf, readCode } from "../../../control-plane/functiongraph/function-code.ts";
import {
  keptCharsMax,
  readInstancesMax,
  readName,
  readSettings,
} from "../../../control-plane/functiongraph/function-settings.ts";
import type { FgsFunctionRow } from "../../../control-plane/functiongraph/fgs-row.ts";
import {
  changedInstances,
  defaultInstances,
  eventOf,
  limitsOf,
  shownInstances,
} from "../../../control-plane/functiongraph/instance-settings.ts";
import { defaultEventSettings } from "../../../sdk/event-settings.ts";
import { functionLimitRanges } from "../../../sdk/limits.ts";
import { versionRow } from "../store/version-row.ts";
import { readTags, tagLimits } from "../../../control-plane/functiongraph/fgs-tags.ts";
import type { DownloadOutcome } from "../../../control-plane/publish/code-download.ts";
import { packArchive } from "../../../sdk/code-archive.ts";

const whole = {
  func_name: "hello",
  package: "default",
  runtime: "Node.js18.15",
  timeout: 3,
  handler: "index.handler",
  memory_size: 128,
};
const base64 = (content: string | Uint8Array): string => Buffer.from(content).toString("base64");

/** The code of what is thrown. */
function codeOf(work: () => unknown): string {
  try {
    work();
    return "none";
  } catch (error) {
    return (error as FgsError).code;
  }
}

function messageOf(work: () => unknown): string {
  try {
    work();
    return "";
  } catch (error) {
    return (error as Error).message;
  }
}

describe("settings", () => {
  it("that say the least get the defaults", () => {
    expect(readSettings(whole, null)).toEqual({
      package: "default",
      runtime: "Node.js18.15",
      handler: "index.handler",
      initializer: null,
      instances: { restore: null, heartbeat: null, dynamicMemory: false, snapshot: false },
      timeoutSeconds: 3,
      memoryMiB: 128,
      concurrency: 1,
      description: "",
      variables: null,
      secrets: null,
      kept: {},
    });
  });

  it("of a function that is there keep what is not said", () => {
    const present = readSettings({ ...whole, initializer_handler: "index.init", description: "d", xrole: "x" }, null);
    const changed = readSettings({ timeout: 60 }, present);
    expect(changed).toEqual({ ...present, timeoutSeconds: 60 });
  });

  it.each<[string, object, string]>([
    ["a handler without a dot", { handler: "index" }, "FSS.1003"],
    ["a handler that leaves its folder", { handler: "../index.handler" }, "FSS.1003"],
    ["no handler", { handler: undefined }, "FSS.1003"],
    ["another language", { runtime: "Python3.9" }, "FSS.1005"],
    ["a memory size between two", { memory_size: 129 }, "FSS.1007"],
    ["more memory than an instance has here", { memory_size: 2048 }, "FSS.1007"],
    ["a timeout of 2 s", { timeout: 2 }, "FSS.1008"],
    ["a timeout beyond three days", { timeout: 259_201 }, "FSS.1008"],
    ["a timeout of text", { timeout: "3" }, "FSS.1008"],
    ["user data that is no JSON", { user_data: "{" }, "FSS.1009"],
    ["user data of numbers", { user_data: '{"A":1}' }, "FSS.1009"],
    ["user data as an object", { user_data: { A: "1" } }, "FSS.1009"],
    ["a description of 513 characters", { description: "x".repeat(513) }, "FSS.1019"],
    ["a package with a slash", { package: "a/b" }, "FSS.1004"],
    ["a concurrency of 1001", { strategy_config: { concurrent_num: 1_001 } }, "FSS.1026"],
    ["a concurrency of 0", { strategy_config: { concurrent_num: 0 } }, "FSS.1026"],
    ["more kept fields than are kept", { log_config: { group_name: "x".repeat(keptCharsMax) } }, "FSS.0400"],
    ["an initializer in another file", { initializer_handler: "other.init" }, "FSS.1404"],
    ["a restore hook in another file", { restore_hook_handler: "other.again" }, "FSS.1404"],
    ["a restore hook of 301 s", { restore_hook_handler: "index.again", restore_hook_timeout: 301 }, "FSS.1405"],
    ["a restore hook of 0 s", { restore_hook_handler: "index.again", restore_hook_timeout: 0 }, "FSS.1405"],
    ["a heartbeat that is no handler", { heartbeat_handler: "well" }, "FSS.1404"],
    ["dynamic memory that is no switch", { enable_dynamic_memory: "yes" }, "FSS.0400"],
    ["an initializer of 301 s", { initializer_handler: "index.init", initializer_timeout: 301 }, "FSS.1405"],
  ])("with %s are refused with the code of the system", (_case, change, code) => {
    expect(codeOf(() => readSettings({ ...whole, ...change }, null))).toBe(code);
  });

  it.each<[string, object]>([
    ["the longest timeout", { timeout: 259_200 }],
    ["the most memory", { memory_size: 1024 }],
    ["the longest description", { description: "x".repeat(512) }],
    ["the most concurrency", { strategy_config: { concurrent_num: 1_000 } }],
    ["the longest initializer", { initializer_handler: "index.init", initializer_timeout: 300 }],
    ["the longest restore hook", { restore_hook_handler: "index.again", restore_hook_timeout: 300 }],
    ["the shortest restore hook", { restore_hook_handler: "index.again", restore_hook_timeout: 1 }],
    ["a heartbeat", { heartbeat_handler: "index.well" }],
    ["empty user data", { user_data: "" }],
  ])("with %s are taken", (_case, change) => {
    expect(codeOf(() => readSettings({ ...whole, ...change }, null))).toBe("none");
  });

  it("never show what they refuse of user data", () => {
    const message = messageOf(() => readSettings({ ...whole, encrypted_user_data: "my-secret" }, null));
    expect([message.startsWith("encrypted_user_data: allowed"), message.includes("my-secret")]).toEqual([true, false]);
  });
});

it("a name has at most 60 characters, and an instance limit -1..1000", () => {
  expect(codeOf(() => readName({ func_name: `a${"b".repeat(59)}` }))).toBe("none");
  expect(codeOf(() => readName({ func_name: `a${"b".repeat(60)}` }))).toBe("FSS.1002");
  expect(codeOf(() => readName({}))).toBe("FSS.1002");
  for (const value of [-1, 0, 1_000]) expect(readInstancesMax({ max_instance_num: value })).toBe(value);
  for (const value of [-2, 1_001, 1.5, "1", null]) {
    expect(codeOf(() => readInstancesMax({ max_instance_num: value }))).toBe("FSS.1026");
  }
});

describe("what belongs to instances", () => {
  const rowOf = (changes: object, more: Partial<FgsFunctionRow> = {}): FgsFunctionRow => {
    const settings = readSettings({ ...whole, ...changes }, null);
    // Only what limits and settings are made of.
    return { ...settings, instancesMax: 400, ...more } as unknown as FgsFunctionRow;
  };

  it.each([
    ["the default", 400, 400],
    ["the least", 1, 1],
    ["the most", 1_000, 1_000],
    ["unlimited", -1, functionLimitRanges.instancesMax.max],
  ])("%s of instances is so many, and beyond their concurrency nothing waits", (_case, instancesMax, expected) => {
    const limits = limitsOf(rowOf({}, { instancesMax }));
    expect(limits).toMatchObject({ instancesMax: expected, concurrency: 1, queueMax: 0 });
  });

  it("the longer of initializer and restore hook is the time of both", () => {
    const hooks = { initializer_handler: "index.init", initializer_timeout: 20 };
    expect(limitsOf(rowOf(hooks)).initializerWallMs).toBe(20_000);
    const both = { ...hooks, restore_hook_handler: "index.again", restore_hook_timeout: 30 };
    expect(limitsOf(rowOf(both)).initializerWallMs).toBe(30_000);
  });

  it("is told to a version, which then shows its own", () => {
    const row = rowOf({
      restore_hook_handler: "index.again",
      heartbeat_handler: "index.well",
      enable_dynamic_memory: true,
    });
    expect(eventOf(row)).toEqual({
      handler: "index.handler",
      restore: "index.again",
      heartbeat: "index.well",
      memorySizesMiB: [128, 256, 512, 768, 1024],
    });
    const shown = { restore_hook_handler: "index.again", heartbeat_handler: "index.well", enable_dynamic_memory: true };
    expect(shownInstances(row, null)).toMatchObject(shown);
    expect(shownInstances(rowOf({}), null)).toEqual({
      restore_hook_handler: "",
      restore_hook_timeout: 0,
      heartbeat_handler: "",
      enable_dynamic_memory: false,
    });
    const version = versionRow({ event: { ...defaultEventSettings, heartbeat: "index.frozen" } });
    expect(shownInstances(row, version)).toMatchObject({
      restore_hook_handler: "",
      heartbeat_handler: "index.frozen",
      enable_dynamic_memory: false,
    });
  });

  it("a row of an earlier release has none of it, and is no change", () => {
    expect(changedInstances({})).toBeUndefined();
    expect(changedInstances({ instances: defaultInstances })).toBeUndefined();
    expect(changedInstances({ instances: { ...defaultInstances, snapshot: true } })).toMatchObject({ snapshot: true });
  });
});

describe("code", () => {
  const archive = packArchive([{ path: "index.mjs", bytes: Buffer.from("export const handler = 1") }]);
  const outcomes: Readonly<Record<string, DownloadOutcome>> = {
    "https://a.example/ok": { kind: "fetched", bytes: archive },
    "https://a.example/text": { kind: "fetched", bytes: Buffer.from("text") },
    "https://a.example/private": { kind: "refused", reason: "its address is not allowed" },
    "https://a.example/large": { kind: "too-large", reason: "it has more bytes than allowed" },
    "https://a.example/busy": { kind: "busy" },
  };
  const download = {
    fetch: (url: string): Promise<DownloadOutcome> => Promise.resolve(outcomes[url] ?? { kind: "busy" }),
  };
  const read = async (body: object): Promise<readonly string[]> =>
    (await readCode(body as never, { handler: "index.handler", download })).files.map(({ path }) => path);
  const refusedAs = (body: object): Promise<unknown> => read(body).catch((error: unknown) => (error as FgsError).code);

  it("inline is the handler's file, a ZIP is its files, nothing is the blank function, an address is what is there", async () => {
    expect(await read({ code_type: "inline", func_code: { file: base64("exports.handler = 1") } })).toEqual([
      "index.js",
    ]);
    expect(await read({ code_type: "zip", func_code: { file: base64(archive) } })).toEqual(["index.mjs"]);
    expect(await read({ code_type: "inline", func_code: { file: base64(archive) } })).toEqual(["index.mjs"]);
    expect(await read({ code_type: "obs", code_url: "https://a.example/ok" })).toEqual(["index.mjs"]);
    expect(await read({})).toEqual(["index.js"]);
  });

  it.each<[string, object, string]>([
    ["another type", { code_type: "jar" }, "FSS.1006"],
    ["a ZIP that is not there", { code_type: "zip" }, "FSS.1012"],
    ["a ZIP that is none", { code_type: "zip", func_code: { file: base64("x") } }, "FSS.1013"],
    ["what is not base64", { func_code: { file: "%%%" } }, "FSS.1011"],
    ["no address", { code_type: "obs" }, "FSS.1010"],
    ["an address of another kind", { code_type: "obs", code_url: "file:///etc/passwd" }, "FSS.1010"],
    ["an address that is not allowed", { code_type: "obs", code_url: "https://a.example/private" }, "FSS.1010"],
    ["an address with too much", { code_type: "obs", code_url: "https://a.example/large" }, "FSS.1071"],
    ["an address while many are fetched", { code_type: "obs", code_url: "https://a.example/busy" }, "FSS.0429"],
    ["an address with no ZIP", { code_type: "obs", code_url: "https://a.example/text" }, "FSS.1011"],
    ["inline code beyond its limit", { func_code: { file: base64("x".repeat(1_048_577)) } }, "FSS.1072"],
  ])("%s is refused", async (_case, body, code) => {
    expect(await refusedAs(body)).toBe(code);
  });

  it("needs the file that the handler names", () => {
    const files = [{ path: "main.ts", bytes: new Uint8Array() }];
    expect(entryOf(files, "main.handler")).toBe("main.ts");
    expect(codeOf(() => entryOf(files, "index.handler"))).toBe("FSS.1003");
  });
});

describe("tags", () => {
  it("are at most 20, each key once, within their lengths", () => {
    const many = Array.from({ length: tagLimits.perFunctionMax }, (_, index) => ({ key: `k${index}`, value: "v" }));
    expect(readTags(many)).toHaveLength(20);
    expect(readTags([{ key: "k".repeat(128), value: "v".repeat(255) }])).toHaveLength(1);
  });

  it.each<[string, unknown]>([
    ["21 of them", Array.from({ length: 21 }, (_, index) => ({ key: `k${index}`, value: "" }))],
    ["a key of 129 characters", [{ key: "k".repeat(129), value: "" }]],
    ["a value of 256 characters", [{ key: "k", value: "v".repeat(256) }]],
    ["a key of the system", [{ key: "_sys_a", value: "" }]],
    ["a key with blanks around it", [{ key: " a", value: "" }]],
    ["a key twice", [{ key: "a" }, { key: "a" }]],
    ["no list", { key: "a" }],
    ["no objects", ["a"]],
  ])("%s are refused", (_case, input) => {
    expect(codeOf(() => readTags(input))).toBe("FSS.0400");
  });
});

it("every code of the table has a status of its kind", () => {
  for (const [code, status] of Object.entries(fgsStatus))
    expect([code, status >= 400 && status < 600]).toEqual([code, true]);
});
