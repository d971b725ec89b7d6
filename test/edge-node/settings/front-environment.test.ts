import { describe, expect, it } from "vitest";
import { frontEnvironment } from "../../../edge-node/settings/front-environment.ts";

const allocator = {
  MALLOC_ARENA_MAX: "2",
  MALLOC_MMAP_THRESHOLD_: "131072",
  MALLOC_TRIM_THRESHOLD_: "262144",
};

describe("frontEnvironment()", () => {
  it("hands on what programs need and nothing of Selvage's own", () => {
    const environment = {
      PATH: "/bin",
      HOME: "/root",
      SELVAGE_NODE_TOKEN: "t",
      AWS_SECRET_ACCESS_KEY: "k",
      LANG: undefined,
    };
    expect(frontEnvironment(environment)).toEqual({ PATH: "/bin", HOME: "/root", ...allocator });
  });

  it("lets the operator set the allocator otherwise", () => {
    expect(frontEnvironment({ MALLOC_ARENA_MAX: "8" })).toEqual({ ...allocator, MALLOC_ARENA_MAX: "8" });
  });
});
