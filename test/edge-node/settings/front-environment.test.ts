import { describe, expect, it } from "vitest";
import { allocatorSettings } from "../../../edge-node/settings/allocator.ts";
import { frontEnvironment } from "../../../edge-node/settings/front-environment.ts";

describe("frontEnvironment()", () => {
  it("hands on what programs need and nothing of Selvage's own", () => {
    const environment = {
      PATH: "/bin",
      HOME: "/root",
      SELVAGE_NODE_TOKEN: "t",
      AWS_SECRET_ACCESS_KEY: "k",
      LANG: undefined,
    };
    expect(frontEnvironment(environment)).toEqual({ PATH: "/bin", HOME: "/root", ...allocatorSettings });
  });

  it("lets the operator set the allocator otherwise", () => {
    expect(frontEnvironment({ MALLOC_ARENA_MAX: "8" })).toEqual({ ...allocatorSettings, MALLOC_ARENA_MAX: "8" });
  });
});
