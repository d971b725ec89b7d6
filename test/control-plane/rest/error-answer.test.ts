import { describe, expect, it } from "vitest";
import { answerError } from "../../../control-plane/rest/error-answer.ts";
import { StoreError, type StoreReason } from "../../../control-plane/store-error.ts";

describe("answerError()", () => {
  it.each([
    ["duplicate", 409, "CONFLICT"],
    ["reference", 409, "CONFLICT"],
    ["busy", 503, "STORE_BUSY"],
    ["full", 507, "STORE_FULL"],
    ["readOnly", 503, "STORE_READ_ONLY"],
    ["unavailable", 503, "STORE_UNAVAILABLE"],
    ["damaged", 500, "STORE_DAMAGED"],
  ] as const satisfies readonly (readonly [StoreReason, number, string])[])(
    "answers a store that is %s with %i %s and none of the database's words",
    (reason, status, code) => {
      const { status: answered, body } = answerError(new StoreError(reason, new Error("column secret")), "r1");
      expect([answered, body.error.code]).toEqual([status, code]);
      expect(JSON.stringify(body)).not.toContain("secret");
    },
  );

  it.each([
    ["ENOSPC", 507, "STORE_FULL"],
    ["EDQUOT", 507, "STORE_FULL"],
    ["EROFS", 503, "STORE_READ_ONLY"],
    ["EIO", 500, "STORE_DAMAGED"],
    ["EACCES", 500, "CONTROL_INTERNAL"],
  ])("answers %s of a disk with %i %s and no path", (code, status, expected) => {
    const error = Object.assign(new Error(`${code}: write '/secret'`), { code, syscall: "write" });
    const { status: answered, body } = answerError(error, "r1");
    expect([answered, body.error.code]).toEqual([status, expected]);
    expect(JSON.stringify(body)).not.toContain("secret");
  });
});
