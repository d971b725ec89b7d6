import { describe, expect, it } from "vitest";
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
    expect(frontEnvironment(environment)).toEqual({ PATH: "/bin", HOME: "/root" });
  });
});
