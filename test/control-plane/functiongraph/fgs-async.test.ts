import { describe, expect, it } from "vitest";
import { FgsAsync } from "../../../control-plane/functiongraph/fgs-async.ts";
import { callStates, type CallResource, type CallState } from "../../../sdk/calls.ts";

const unused = (): never => {
  throw new Error("not asked for");
};
const callIn = (state: CallState): CallResource => ({
  requestId: state,
  function: "f",
  qualifier: "latest",
  state,
  createdAt: "",
  startedAt: null,
  endedAt: null,
  dueAt: null,
  attempts: 0,
  durationMs: null,
  depth: 0,
  errorCode: "",
  errorMessage: "",
  destination: null,
});

/** Over one call in each state. */
const fgsAsync = new FgsAsync({
  functions: { find: () => Promise.resolve(undefined as never) },
  calls: {
    list: ({ states = callStates }) => Promise.resolve({ calls: states.map(callIn), next: null }),
    accept: unused,
    get: unused,
    cancel: unused,
  },
  configs: { list: unused, get: unused, set: unused, delete: unused },
  uniqueId: unused,
  trail: { name: unused },
});

interface Listed {
  readonly invocations: readonly { readonly request_id: string; readonly status: string }[];
}

const check = async (status: string): Promise<Listed["invocations"]> => {
  const urn = { project: "p", package: "default", name: "f", qualifier: null };
  const { invocations } = (await fgsAsync.list(urn, { status })) as Listed;
  return invocations.map(({ request_id, status: shown }) => ({ request_id, status: shown }));
};

describe("list()", () => {
  it("finds under a status exactly what is shown with it, calls that timed out among those that failed", async () => {
    const all = await check("");
    expect(all).toHaveLength(callStates.length);
    for (const { status } of all) {
      expect(await check(status)).toEqual(all.filter((call) => call.status === status));
    }
    expect((await check("FAIL")).map(({ request_id }) => request_id)).toEqual(["fail", "timeout"]);
  });

  it("refuses a status that there is not", async () => {
    await expect(check("TIMEOUT")).rejects.toThrow(/^status: .*WAIT, RUNNING, SUCCESS, FAIL, DISCARD, CANCEL$/);
  });
});
