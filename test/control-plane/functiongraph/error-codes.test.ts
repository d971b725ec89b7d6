/** Rows of the error table of FunctionGraph's clients (interfaces.md §3.6) that no other test reaches: what is asked, and what is answered. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { packArchive } from "../../../sdk/code-archive.ts";
import { fgsLimits } from "../../../sdk/fgs-limits.ts";
import { eventLimits, storeLimits } from "../../../sdk/limits.ts";
import { TestControlPlane } from "../test-control-plane.ts";
import { FgsCaller, urn } from "./fgs-caller.ts";

let control: TestControlPlane;
const fgs = new FgsCaller(() => control);
beforeAll(async () => {
  control = await TestControlPlane.start();
  await fgs.ok("POST functions", functionNamed("f"));
  await fgs.ok("POST functions", functionNamed("other"));
  for (const version of ["v1", "v2", "v3"]) {
    await fgs.ok(`PUT functions/${urn("f")}/code`, { code_type: "inline", func_code: code(version) });
    await fgs.ok(`POST functions/${urn("f")}/versions`, { version });
  }
  await fgs.ok(`POST functions/${urn("f")}/aliases`, {
    name: "prod",
    version: "v1",
    additional_version_weights: { v2: 10 },
  });
});
afterAll(() => control.close());

const code = (text: string): object => ({
  file: Buffer.from(`exports.handler = async () => ${JSON.stringify(text)};`).toString("base64"),
});
const functionNamed = (name: string, more: object = {}): object => ({
  func_name: name,
  package: "default",
  runtime: "Node.js18.15",
  timeout: 3,
  handler: "index.handler",
  memory_size: 128,
  code_type: "inline",
  func_code: code("first"),
  ...more,
});
const texts = (count: number, value: string): string =>
  JSON.stringify(Object.fromEntries(Array.from({ length: count }, (_, index) => [`KEY_${index}`, value])));
const { environmentKeysMax, environmentCharsMax } = storeLimits;

describe("a refusal", () => {
  it.each<readonly [string, string, object | undefined, readonly [number, string]]>([
    ["a bad alias name", `POST functions/${urn("f")}/aliases`, { name: "-", version: "v3" }, [400, "FSS.1014"]],
    [
      "an alias that is there",
      `POST functions/${urn("f")}/aliases`,
      { name: "prod", version: "v3" },
      [409, "FSS.1063"],
    ],
    ["a version with an alias", `POST functions/${urn("f")}/aliases`, { name: "b", version: "v1" }, [409, "FSS.1066"]],
    [
      "an additional version that is not there",
      `POST functions/${urn("f")}/aliases`,
      { name: "b", version: "v3", additional_version_weights: { v9: 1 } },
      [400, "FSS.1091"],
    ],
    [
      "a weight beyond 100",
      `POST functions/${urn("f")}/aliases`,
      { name: "b", version: "v3", additional_version_weights: { v2: 101 } },
      [400, "FSS.1092"],
    ],
    [
      "a rule of an unknown type",
      `POST functions/${urn("f")}/aliases`,
      {
        name: "b",
        version: "v3",
        additional_version_strategy: { v2: { combine_type: "and", rules: [{ rule_type: "Moon" }] } },
      },
      [400, "FSS.1092"],
    ],
    [
      "a rule that is none",
      `POST functions/${urn("f")}/aliases`,
      { name: "b", version: "v3", additional_version_strategy: { v2: { rules: [null] } } },
      [400, "FSS.1092"],
    ],
    [
      "a parameter that is there twice",
      `GET functions/${urn("f")}/async-invocations?request_id=a&request_id=b`,
      undefined,
      [400, "FSS.0400"],
    ],
    [
      "a parameter of running invocations that is there twice",
      `GET functions/${urn("f")}/active-async-invocations?request_id=a&request_id=b`,
      undefined,
      [400, "FSS.0400"],
    ],
    [
      "the main version as the additional one",
      `POST functions/${urn("f")}/aliases`,
      { name: "b", version: "v3", additional_version_weights: { v3: 1 } },
      [400, "FSS.1093"],
    ],
    ["a version that an alias has as grey", `DELETE functions/${urn("f", ":v2")}`, undefined, [403, "FSS.1094"]],
    [
      "more variables than there may be",
      "POST functions",
      functionNamed("g", { user_data: texts(environmentKeysMax + 1, "x") }),
      [400, "FSS.1017"],
    ],
    [
      "variables that are too long",
      "POST functions",
      functionNamed("g", { user_data: texts(1, "x".repeat(environmentCharsMax)) }),
      [400, "FSS.1018"],
    ],
    [
      "a test event that is too large",
      `POST functions/${urn("f")}/events`,
      { name: "big", content: Buffer.alloc(4_097, "x").toString("base64") },
      [403, "FSS.1069"],
    ],
    [
      "an event that is too large",
      `POST functions/${urn("f")}/invocations`,
      { text: "x".repeat(eventLimits.bytesMax) },
      [413, "FSS.1201"],
    ],
  ])("of %s", async (_what, request, body, expected) => {
    expect(await fgs.refusal(request, body)).toEqual(expected);
  });

  it("of a version's name that is taken", async () => {
    await fgs.ok(`PUT functions/${urn("f")}/code`, { code_type: "inline", func_code: code("changed") });
    expect(await fgs.refusal(`POST functions/${urn("f")}/versions`, { version: "v1" })).toEqual([409, "FSS.1062"]);
  });

  it("of one test event more than there may be", async () => {
    const event = (number: number): object => ({
      name: `event-${number}`,
      content: Buffer.from("{}").toString("base64"),
    });
    for (let number = 0; number < 10; number++) await fgs.ok(`POST functions/${urn("other")}/events`, event(number));
    expect(await fgs.refusal(`POST functions/${urn("other")}/events`, event(10))).toEqual([403, "FSS.1068"]);
  });

  it("of all but one of aliases that are created at once for one version", async () => {
    await fgs.ok(`PUT functions/${urn("f")}/code`, { code_type: "inline", func_code: code("raced") });
    await fgs.ok(`POST functions/${urn("f")}/versions`, { version: "raced" });
    const aliases = ["r1", "r2", "r1"].map((name) =>
      fgs.refusal(`POST functions/${urn("f")}/aliases`, { name, version: "raced", description: "d" }),
    );
    const codes = (await Promise.all(aliases)).map(([, refused]) => String(refused));
    expect(codes.filter((refused) => refused === "undefined")).toHaveLength(1);
    for (const refused of codes) expect(["undefined", "FSS.1063", "FSS.1066"]).toContain(refused);
  });

  it("of one alias more than there may be", async () => {
    const alias = async (number: number): Promise<object> => {
      await fgs.ok(`PUT functions/${urn("other")}/code`, { code_type: "inline", func_code: code(`of ${number}`) });
      await fgs.ok(`POST functions/${urn("other")}/versions`, { version: `w${number}` });
      return { name: `a${number}`, version: `w${number}` };
    };
    const path = `POST functions/${urn("other")}/aliases`;
    for (let number = 0; number < fgsLimits.aliasesMax; number++) await fgs.ok(path, await alias(number));
    expect(await fgs.refusal(path, await alias(fgsLimits.aliasesMax))).toEqual([403, "FSS.1043"]);
  });

  it("of another function's asynchronous call", async () => {
    const { request_id: id } = await fgs.ok(`POST functions/${urn("f")}/invocations-async`, {});
    expect(await fgs.refusal(`POST functions/${urn("other")}/cancel`, { request_id: id, type: "force" })).toEqual([
      404,
      "FSS.0404",
    ]);
  });

  it("of a function where there are no nodes", async () => {
    expect(await fgs.refusal(`POST functions/${urn("f")}/invocations`, {})).toEqual([503, "FSS.0503"]);
  });

  it("beyond the quotas of functions and of code", async () => {
    await control.ok("PUT /v1/quotas/functions", { body: { value: 2 } });
    expect(await fgs.refusal("POST functions", functionNamed("third"))).toEqual([403, "FSS.1041"]);
    await control.ok("PUT /v1/quotas/codeMiB", { body: { value: 1 } });
    const text = `exports.handler = async () => "${"x".repeat(1_300_000)}";`;
    const archive = packArchive([{ path: "index.js", bytes: new TextEncoder().encode(text) }]);
    const change = { code_type: "zip", func_code: { file: Buffer.from(archive).toString("base64") } };
    expect(await fgs.refusal(`PUT functions/${urn("f")}/code`, change)).toEqual([403, "FSS.1042"]);
  });
});
