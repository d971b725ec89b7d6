/** Functions that call functions by binding, on a whole front. */
import { describe, expect, it } from "vitest";
import { buildRouting } from "../../../edge-node/routing/routing.ts";
import { emptyBody, type Body } from "../../../runtime/body.ts";
import type { InvocationHost, Outcome, Subrequest, SubrequestResponse } from "../../../runtime/driver.ts";
import type { FunctionState } from "../../../sdk/desired-state.ts";
import { serviceLimits } from "../../../sdk/limits.ts";
import type { ServiceTarget } from "../../../sdk/service-target.ts";
import { ask } from "../support/client.ts";
import { domainConfig, functionState, type Edge } from "../support/edge.ts";
import { failedOutcome, textOutcome, type FunctionBody } from "../support/function-driver.ts";
import { opensThings } from "../support/opened.ts";

const { edge } = opensThings();
const never = new AbortController().signal;

function call(
  host: InvocationHost,
  service: ServiceTarget,
  change: Partial<Subrequest> & { readonly signal?: AbortSignal } = {},
): Promise<SubrequestResponse> {
  const { signal = never, ...request } = change;
  const target = { kind: "service", name: "OTHER", service } as const;
  const base = { target, method: "GET", url: "http://any.host/path?q=1", headers: "", body: emptyBody } as const;
  return host.fetch({ ...base, redirect: "follow", ...request }, signal);
}

/** A hook that answers what the call gave: status and text, or the error's message. */
function relay(service: ServiceTarget, change: Parameters<typeof call>[2] = {}): FunctionBody {
  return async (_invocation, host) => {
    try {
      const { status, body } = await call(host, service, change);
      return textOutcome(`${status} ${await textOf(body)}`);
    } catch (error) {
      return textOutcome(`failed: ${(error as Error).message} ${(error as { code?: string }).code ?? ""}`);
    }
  };
}

async function textOf(body: Body): Promise<string> {
  if (body.kind === "text") return body.text;
  if (body.kind === "bytes") return Buffer.from(body.bytes).toString();
  if (body.kind === "empty") return "";
  let text = "";
  for await (const chunk of body.chunks) text += Buffer.from(chunk).toString();
  return text;
}

function streamed(parts: readonly string[], onReturn: () => void = () => {}): Body {
  const left = [...parts];
  const iterator: AsyncIterator<Uint8Array> = {
    next: () => {
      const part = left.shift();
      return Promise.resolve(
        part === undefined ? { done: true, value: undefined } : { done: false, value: Buffer.from(part) },
      );
    },
    return: () => {
      onReturn();
      return Promise.resolve({ done: true, value: undefined });
    },
  };
  return { kind: "stream", lengthBytes: undefined, chunks: { [Symbol.asyncIterator]: () => iterator } };
}

const auth = { function: "auth", version: "v1" } as const;

/** An edge whose site is answered by `front`. */
function site(functions: Readonly<Record<string, FunctionBody>>): Promise<Edge> {
  return edge({ functions, rules: [{ phase: "fetch", function: "front" }] });
}

describe("a call by binding", () => {
  it("runs the other function's fetch hook with the request as given, under the same request id and its own log", async () => {
    const { port, driver, logs } = await site({
      front: relay(auth, {
        method: "POST",
        headers: "x-a:1\nconnection:x-b\nx-b:2\n",
        body: { kind: "text", text: "hi" },
      }),
      auth: async (invocation, host) => {
        host.log("info", "checked");
        return textOutcome(`${invocation.method} ${invocation.url} ${await textOf(invocation.body)}`, { status: 403 });
      },
    });
    const answer = await ask(port, "/");
    expect(answer.text).toBe("403 POST http://any.host/path?q=1 hi");
    const [outer, inner] = driver.invocations;
    expect(inner).toMatchObject({
      phase: "fetch",
      headers: "x-a:1\nhost:any.host\n",
      requestId: outer?.requestId,
      clientIp: outer?.clientIp,
      domain: "site.test",
      rulePriority: 0,
    });
    expect(logs).toMatchObject([
      { function: "auth", version: "v1", phase: "fetch", requestId: outer?.requestId, message: "checked" },
    ]);
  });

  it("streams in both directions, and gives back what was not read when the answer is over", async () => {
    let returned = 0;
    const { port } = await site({
      front: relay(auth, { method: "PUT", body: streamed(["a", "b", "c"], () => returned++) }),
      auth: async ({ body }) => {
        if (body.kind !== "stream") return failedOutcome("FUNCTION_THREW");
        const first = await body.chunks[Symbol.asyncIterator]().next();
        const text = Buffer.from(first.value as Uint8Array).toString();
        return { kind: "response", status: 200, headers: "", body: streamed(["got ", text]) };
      },
    });
    expect((await ask(port, "/")).text).toBe("200 got a");
    expect(returned).toBe(1);
  });

  it("hands a body that the other function returns untouched straight back", async () => {
    const { port } = await site({
      front: relay(auth, { method: "PUT", body: streamed(["a", "b"]) }),
      auth: () => ({ kind: "response", status: 200, headers: "", body: { kind: "same" } }),
    });
    expect((await ask(port, "/")).text).toBe("200 ab");
  });

  it("gives back a body nobody reads", async () => {
    let returned = 0;
    const { port } = await site({
      front: relay(auth, { method: "PUT", body: streamed(["a"], () => returned++) }),
      auth: () => textOutcome("no need"),
    });
    expect((await ask(port, "/")).text).toBe("200 no need");
    expect(returned).toBe(1);
  });

  it("follows redirects through the same binding, or not, as it is asked", async () => {
    const functions = {
      front: relay(auth),
      auth: (({ url }) =>
        url.endsWith("/end")
          ? textOutcome(url)
          : textOutcome("", { status: 302, headers: "location:/end\n" })) satisfies FunctionBody,
    };
    expect((await ask((await site(functions)).port, "/")).text).toBe("200 http://any.host/end");
    const manual = { ...functions, front: relay(auth, { redirect: "manual" }) };
    expect((await ask((await site(manual)).port, "/")).text).toBe("302 ");
  });

  it("is cancelled when its caller aborts", async () => {
    const abort = new AbortController();
    const { port, driver } = await site({
      front: relay(auth, { signal: abort.signal }),
      auth: () => {
        abort.abort();
        return new Promise<Outcome>(() => {});
      },
    });
    expect((await ask(port, "/")).text).toMatch(/^failed: OTHER \(auth@v1\): .* REQUEST_ABORTED$/);
    expect(driver.cancelled).toBe(1);
  });

  it("that fails tells its caller the code and its own log the reason", async () => {
    const { port, logs } = await site({
      front: relay(auth),
      auth: () => failedOutcome("FUNCTION_CPU_LIMIT", "the secret reason"),
    });
    const { text } = await ask(port, "/");
    expect(text).toBe("failed: OTHER (auth@v1): The function used more CPU time than allowed. FUNCTION_CPU_LIMIT");
    expect(logs).toMatchObject([{ function: "auth", kind: "error", message: "the secret reason" }]);
  });

  it.each<[string, Outcome]>([
    ["nothing", { kind: "continue" }],
    ["a header outside the grammar", textOutcome("", { headers: "a:b\r\n" })],
  ])("that answers %s fails", async (_name, outcome) => {
    const { port } = await site({ front: relay(auth), auth: () => outcome });
    expect((await ask(port, "/")).text).toMatch(/FUNCTION_RESULT_INVALID$/);
  });

  it("counts in the called function's metrics", async () => {
    const { port, front } = await site({ front: relay(auth), auth: () => textOutcome("x") });
    await ask(port, "/");
    const invocations = (await front.metrics()).find(({ name }) => name === "selvage_invocations_total");
    expect(invocations?.values).toContainEqual({
      value: 1,
      labels: { function: "auth", version: "v1", phase: "fetch", outcome: "response" },
    });
  });

  it("works from any phase and from invoke()", async () => {
    const { port, front } = await edge({
      functions: { front: relay(auth), auth: () => textOutcome("x") },
      rules: [{ phase: "clientRequest", function: "front" }],
    });
    expect((await ask(port, "/")).text).toBe("200 x");
    const request = { method: "GET", url: "http://site.test/", headers: [], body: null };
    const message = { kind: "invoke", id: "i1", function: "front", qualifier: "v1", phase: "fetch", request } as const;
    const { outcome } = await front.invoke(message);
    expect(outcome).toMatchObject({ kind: "response", body: btoa("200 x") });
  });
});

it("an instance's size is chosen by whoever sends an event, and by no client of a domain", async () => {
  const { port, front, driver } = await site({ front: () => textOutcome("x") });
  const memory = "x-cff-instance-memory";
  await ask(port, "/", { headers: { [memory]: "256" } });
  const send = (phase: "event" | "fetch", value: string) => {
    const request = { method: "POST", url: "http://f.test/", headers: [[memory, value]] as const, body: null };
    return front.invoke({ kind: "invoke", id: "i1", function: "front", qualifier: "v1", phase, request });
  };
  await send("fetch", "256");
  await send("event", "256");
  await send("event", "much");
  expect(driver.invocations.map(({ memoryMiB }) => memoryMiB)).toEqual([undefined, undefined, 256, undefined]);
});

describe("loops", () => {
  it("between two functions are cut at the allowed depth", async () => {
    const { port, driver } = await site({
      front: relay({ function: "back", version: "v1" }),
      back: relay({ function: "front", version: "v1" }),
    });
    const { text } = await ask(port, "/");
    expect(text).toMatch(/failed: OTHER \((?:front|back)@v1\): .* SERVICE_TOO_DEEP$/);
    expect(driver.invocations).toHaveLength(serviceLimits.depthMax + 1);
  });

  it("that branch are bounded for the client request as a whole", async () => {
    const self = { function: "front", version: "v1" } as const;
    const { port, driver } = await site({
      front: async (_invocation, host) => {
        const calls = await Promise.allSettled(Array.from({ length: 20 }, () => call(host, self)));
        const codes = calls.map((each) => (each.status === "rejected" ? (each.reason as { code: string }).code : "ok"));
        return textOutcome(codes.includes("FUNCTION_SUBREQUEST_LIMIT") ? "limited" : "not");
      },
    });
    expect((await ask(port, "/")).status).toBe(200);
    expect(driver.invocations).toHaveLength(serviceLimits.callsPerRequestMax + 1);
  });
});

describe("what a binding leads to", () => {
  function route(front: Edge, auths: Partial<FunctionState>, ready: readonly string[]): void {
    const rules = [
      {
        phase: "fetch",
        matchType: "all",
        function: "front",
        version: "v1",
        priority: 1,
        enabled: true,
        stop: false,
        onError: "fail",
      },
    ] as const;
    const version = (name: string): FunctionState["versions"][number] => ({
      version: name,
      digest: "0".repeat(64),
      signature: "",
      variables: {},
      sealedSecrets: null,
    });
    const versions = [version("v1"), version("v2")];
    front.front.setRouting(
      buildRouting(
        {
          format: 1,
          revision: 2,
          publicKey: "",
          functions: [functionState("front"), functionState("auth", { versions, ...auths })],
          domains: [{ config: domainConfig(), rules }],
        },
        new Map(ready.map((key) => [key, { key, egress: null }])),
      ),
    );
  }

  async function running(service: ServiceTarget): Promise<Edge> {
    const started = await site({ front: relay(service), auth: () => textOutcome("one") });
    started.driver.functions.set("auth@v2", () => textOutcome("two"));
    return started;
  }
  const all = ["front@v1", "auth@v1", "auth@v2"];

  it("an alias is followed when it moves", async () => {
    const started = await running({ function: "auth", alias: "prod" });
    route(started, { aliases: [{ name: "prod", version: "v1" }] }, all);
    expect((await ask(started.port, "/")).text).toBe("200 one");
    route(started, { aliases: [{ name: "prod", version: "v2" }] }, all);
    expect((await ask(started.port, "/")).text).toBe("200 two");
  });

  it("an alias is looked up at the time of the call, not of the request", async () => {
    const started = await running({ function: "auth", alias: "prod" });
    const answer = relay({ function: "auth", alias: "prod" });
    started.driver.functions.set("front@v1", async (...parameters) => {
      route(started, { aliases: [{ name: "prod", version: "v2" }] }, all);
      return await answer(...parameters);
    });
    route(started, { aliases: [{ name: "prod", version: "v1" }] }, all);
    expect((await ask(started.port, "/")).text).toBe("200 two");
  });

  it("latest floats", async () => {
    const started = await running({ function: "auth", version: "latest" });
    route(started, { latest: "v2" }, all);
    expect((await ask(started.port, "/")).text).toBe("200 two");
  });

  it.each<[string, ServiceTarget, Partial<FunctionState>]>([
    ["a function that was deleted", { function: "gone", alias: "prod" }, {}],
    ["an alias that was deleted", { function: "auth", alias: "prod" }, {}],
    ["a version that was deleted", { function: "auth", version: "v3" }, {}],
    ["an alias whose name is a version's", { function: "auth", alias: "v1" }, {}],
  ])("%s is told with SERVICE_NOT_FOUND", async (_name, service, auths) => {
    const started = await running(service);
    route(started, auths, all);
    expect((await ask(started.port, "/")).text).toMatch(/SERVICE_NOT_FOUND$/);
  });

  it.each<[string, Partial<FunctionState>, readonly string[]]>([
    ["is disabled", { enabled: false }, all],
    ["is not loaded on this node", {}, ["front@v1"]],
  ])("a function that %s is told with FUNCTION_UNAVAILABLE", async (_name, auths, ready) => {
    const started = await running(auth);
    route(started, auths, ready);
    expect((await ask(started.port, "/")).text).toMatch(/FUNCTION_UNAVAILABLE$/);
  });
});
