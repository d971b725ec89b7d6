import { expect, it } from "vitest";
import { FrameError, FrameReader, frame, int, text } from "../../runtime/bridge/frame.ts";
import { readTarget, writeTarget, type FramedTarget } from "../../runtime/bridge/subrequest-target.ts";
import { resolveTarget } from "../../runtime/client/subrequest-reader.ts";

function read(payload: string): FramedTarget {
  const reader = new FrameReader(frame("s", payload));
  reader.next();
  return readTarget(reader);
}

const call = { scope: "named", name: "ä\ud800", asksForRequest: true, ignoreSearch: false, ignoreVary: true } as const;
const response = { status: 200, statusText: "OK", headers: "a:1\n", url: "", redirected: true };

it.each<FramedTarget>([
  { kind: "network" },
  { kind: "service", name: "AUTH" },
  { kind: "cache", call: { ...call, operation: "match", response: null } },
  { kind: "cache", call: { ...call, operation: "put", response } },
])("a target is read as it was written: %j", (target) => {
  expect(read(writeTarget(target))).toEqual(target);
});

it.each([
  ["no target", ""],
  ["an unknown one", int(9)],
  ["an unknown cache operation", int(2) + int(99) + int(0) + text("") + int(0) + int(0)],
  ["an unknown scope", int(2) + int(0) + int(9) + text("") + int(0) + int(0)],
  ["a put without a response", int(2) + int(2) + int(0) + text("") + int(0) + int(0)],
  ["a cut response", int(2) + int(2) + int(0) + text("") + int(0) + int(1) + int(200)],
])("%s cannot be read", (_name, payload) => {
  expect(() => read(payload)).toThrow(FrameError);
});

it("a service is what the caller was published with under that name, and nothing inherited", () => {
  const service = { function: "auth", alias: "prod" };
  const services = { AUTH: service };
  expect(resolveTarget({ kind: "service", name: "AUTH" }, services)).toEqual({
    kind: "service",
    name: "AUTH",
    service,
  });
  for (const name of ["auth", "OTHER", "constructor", "__proto__", "toString"]) {
    expect(resolveTarget({ kind: "service", name }, services)).toBeNull();
  }
});
