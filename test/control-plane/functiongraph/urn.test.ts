import { describe, expect, it } from "vitest";
import { formatUrn, parseUrn, type FunctionUrn } from "../../../control-plane/functiongraph/urn.ts";

const base = { project: "p1", package: "default", name: "hello" };

describe("URNs", () => {
  it.each<[string, FunctionUrn]>([
    ["urn:fss:local:p1:function:default:hello", { ...base, qualifier: null }],
    ["urn:fss:local:p1:function:default:hello:latest", { ...base, qualifier: { kind: "version", name: "latest" } }],
    ["urn:fss:local:p1:function:default:hello:v1.2", { ...base, qualifier: { kind: "version", name: "v1.2" } }],
    ["urn:fss:local:p1:function:default:hello:!prod", { ...base, qualifier: { kind: "alias", name: "prod" } }],
  ])("%s", (text, urn) => {
    expect(parseUrn(text)).toEqual(urn);
    expect(formatUrn(urn)).toBe(text);
  });

  it("may name any region", () => {
    expect(parseUrn("urn:fss:cn-north-4:p1:function:default:hello")).toEqual({ ...base, qualifier: null });
  });

  it.each([
    "",
    "hello",
    "urn:fss:local:p1:function:default",
    "urn:fss:local:p1:function:default:hello:v1:x",
    "urn:fgs:local:p1:function:default:hello",
    "urn:fss:local:p1:graph:default:hello",
    "urn:fss:local::function:default:hello",
    "urn:fss:local:p1:function:default:1hello",
    "urn:fss:local:p1:function:default:hello:",
    "urn:fss:local:p1:function:default:hello:!",
    "urn:fss:local:p1:function:default:hello:!latest",
    "urn:fss:local:p1:function:default:hello:../v1",
  ])("%j is none", (text) => {
    expect(parseUrn(text)).toBeNull();
  });
});
