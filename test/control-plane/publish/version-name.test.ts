import { describe, expect, it } from "vitest";
import { defaultVersionName } from "../../../control-plane/publish/version-name.ts";
import { refuseVersionName } from "../../../sdk/function-name.ts";

const publishedAtMs = Date.parse("2026-01-02T03:04:05.678Z");
const nameWith = (...taken: readonly string[]): Promise<string> =>
  defaultVersionName(publishedAtMs, (name) => Promise.resolve(taken.includes(name)));

describe("defaultVersionName()", () => {
  it("is the time of publication in UTC, and a valid name", async () => {
    const name = await nameWith();
    expect([name, refuseVersionName(name)]).toEqual(["v20260102-030405", null]);
  });

  it("is numbered when taken", async () => {
    expect(await nameWith("v20260102-030405")).toBe("v20260102-030405-2");
    expect(await nameWith("v20260102-030405", "v20260102-030405-2")).toBe("v20260102-030405-3");
  });
});
