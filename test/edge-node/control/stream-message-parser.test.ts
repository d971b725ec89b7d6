import { describe, expect, it } from "vitest";
import { parseDesiredState, parseStreamMessage } from "../../../edge-node/control/stream-message-parser.ts";
import type { DesiredState } from "../../../sdk/desired-state.ts";
import { callLimits } from "../../../sdk/call-limits.ts";
import { formatProblems } from "../../../sdk/problem.ts";
import { domainServedBy, Signer } from "../support/signed-release.ts";

const signer = new Signer();
const state: DesiredState = signer.state(
  7,
  [signer.release({ variables: { A: "1" }, secrets: { B: "2" } })],
  [domainServedBy("www.example.com", "hello")],
);

/** The state as JSON with `value` at `keys`; undefined deletes what is there. */
function changed(keys: string, value: unknown): unknown {
  const copy: unknown = JSON.parse(JSON.stringify(state));
  const path = keys.split(".");
  const last = path.pop() ?? "";
  const target = path.reduce<unknown>((from, key) => Reflect.get(from as object, key), copy) as object;
  if (value === undefined) Reflect.deleteProperty(target, last);
  else Reflect.set(target, last, value);
  return copy;
}

function problemsOf(input: unknown): string {
  const parsed = parseDesiredState(input);
  return parsed.ok ? "" : formatProblems(parsed.problems);
}

describe("parseDesiredState()", () => {
  it("takes a whole state and gives the same one back", () => {
    expect(parseDesiredState(JSON.parse(JSON.stringify(state)))).toEqual({ ok: true, value: state });
  });

  it("takes a state without functions and domains", () => {
    const empty = signer.state(0, []);
    expect(parseDesiredState(empty)).toEqual({ ok: true, value: empty });
  });

  it("ignores keys of the envelope that it does not know", () => {
    expect(problemsOf(changed("functions.0.newer", true))).toBe("");
  });

  const inVersion = "functions.0.versions.0";
  const policy = { count: 2, schedules: [], metric: null, recommended: null };

  it("takes reservations, and gives them back as they came", () => {
    const schedules = [
      {
        name: "day",
        cron: "0 0 8 * * ?",
        count: 9,
        start: "2026-12-01T00:00:00.000Z",
        expiry: "2026-12-02T00:00:00.000Z",
      },
    ];
    const metric = { name: "m", targetPercent: 60, min: 1, max: 4 };
    const reserved = [policy, { count: 0, schedules, metric, recommended: { mode: "cost", min: 0, max: 3 } }];
    const parsed = parseDesiredState(changed(`${inVersion}.reserved`, reserved));
    expect(parsed.ok && parsed.value.functions[0]?.versions[0]?.reserved).toEqual(reserved);
  });

  it.each<[string, string, unknown, string]>([
    ["another format", "format", 2, "state.format"],
    ["a revision that is not a whole number", "revision", 1.5, "state.revision"],
    ["a key that is not an Ed25519 key", "publicKey", "x", "state.publicKey"],
    ["functions that are not a list", "functions", {}, "state.functions"],
    ["a function name with a slash", "functions.0.name", "a/b", "state.functions[0].name"],
    ["a function without enabled", "functions.0.enabled", undefined, "state.functions[0].enabled"],
    ["a latest that is no version name", "functions.0.latest", "../x", "state.functions[0].latest"],
    ["a digest that leads out of the folder", `${inVersion}.digest`, "../../etc/passwd", "versions[0].digest"],
    ["a variable that is not a string", `${inVersion}.variables.A`, 1, "versions[0].variables"],
    ["secrets that are not sealed text", `${inVersion}.sealedSecrets`, { B: "2" }, "versions[0].sealedSecrets"],
    ["a reservation of too many", `${inVersion}.reserved`, [{ ...policy, count: 1_001 }], "reserved[0].count"],
    ["reservations that are no list", `${inVersion}.reserved`, policy, "reserved"],
    ["a domain with a path", "domains.0.config.domain", "a/b", "state.domains[0]"],
    ["a rule with priority 101", "domains.0.rules.0.priority", 101, "rules[0].priority"],
    ["rules that are not a list", "domains.0.rules", null, "rules"],
  ])("refuses %s", (_name, keys, value, path) => {
    expect(problemsOf(changed(keys, value))).toContain(path);
  });

  it("reports all problems together", () => {
    const problems = problemsOf({ ...state, revision: -1, publicKey: "" });
    expect(problems).toContain("state.revision");
    expect(problems).toContain("state.publicKey");
  });
});

describe("parseStreamMessage()", () => {
  const invoke = {
    kind: "invoke",
    id: "i-1",
    function: "hello",
    qualifier: "latest",
    phase: "fetch",
    request: { method: "GET", url: "https://example.com/", headers: [["accept", "*/*"]], body: null },
  };

  it.each([
    [{ kind: "heartbeat", revision: 3 }],
    [{ kind: "state", state }],
    [invoke],
    [{ ...invoke, request: { ...invoke.request, method: "POST", body: "aGk=" } }],
  ])("takes message %#", (message) => {
    expect(parseStreamMessage(JSON.stringify(message))).toEqual({ ok: true, value: message });
  });

  it("names a kind it does not know, so that a newer control plane can say more", () => {
    expect(parseStreamMessage(`{"kind":"purge","tags":[]}`)).toEqual({
      ok: true,
      value: { kind: "unknown", name: "purge" },
    });
  });

  it.each([
    ["half a message", `{"kind":"state","state":{"format":1,`],
    ["a message without kind", `{}`],
    ["a list", `[]`],
    ["a heartbeat without revision", `{"kind":"heartbeat"}`],
    ["an invocation of a relative URL", JSON.stringify({ ...invoke, request: { ...invoke.request, url: "/" } })],
    [
      "an invocation by file URL",
      JSON.stringify({ ...invoke, request: { ...invoke.request, url: "file:///etc/passwd" } }),
    ],
    [
      "an invocation with a header that is split",
      JSON.stringify({ ...invoke, request: { ...invoke.request, headers: [["a", "b\r\nc: d"]] } }),
    ],
    ["an invocation of an unknown phase", JSON.stringify({ ...invoke, phase: "scheduled" })],
    ["an invocation without an id", JSON.stringify({ ...invoke, id: "" })],
  ])("refuses %s", (_name, line) => {
    expect(parseStreamMessage(line).ok).toBe(false);
  });
});

describe("calls", () => {
  const request = { method: "POST", url: "http://function.internal/", headers: [], body: "e30=" };
  const call = { id: "r1", function: "f", qualifier: "live", request, timeoutMs: 1_000 };
  const parsed = (calls: unknown) => parseStreamMessage(JSON.stringify({ kind: "calls", calls }));

  it("are read many at a time", () => {
    expect(parsed([call, { ...call, id: "r2" }])).toEqual({
      ok: true,
      value: { kind: "calls", calls: [call, { ...call, id: "r2" }] },
    });
  });

  it.each([
    ["an id with a line break", { id: "a\nb" }],
    ["a function that cannot be one", { function: "../f" }],
    ["no time", { timeoutMs: 0 }],
    ["a URL that is none", { request: { ...request, url: "file:///etc/passwd" } }],
  ])("with %s are left out, the others run", (_what, changes) => {
    expect(parsed([{ ...call, ...changes }, call])).toMatchObject({ ok: true, value: { calls: [call] } });
  });

  it.each([
    ["no list", 7],
    ["too many", Array.from({ length: callLimits.batchMax + 1 }, () => call)],
  ])("that are %s are refused", (_what, calls) => {
    expect(parsed(calls).ok).toBe(false);
  });
});
