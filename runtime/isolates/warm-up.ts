/**
 * The script that warms a snapshot: connects the guest with a module of its own and sends a few requests through it, so that the
 * functions on every request's path are in the snapshot compiled. Its effects on the heap are dropped by V8; the author's code does not run.
 */
import { frame, int } from "../bridge/frame.ts";
import { writeInvocation, type InvocationFields } from "../bridge/invocation-frame.ts";
import { toEngine } from "../bridge/protocol.ts";

const facts = {
  functionName: "warm-up",
  version: "v0",
  wallMs: 1,
  fetchWallMs: 1,
  eventWallMs: 1,
  initializerWallMs: 1,
  memoryMiB: 1,
  event: null,
  isRestored: false,
  isInitialized: false,
  bufferedBodyMiB: 1,
  environment: {},
  services: [],
};

const fields: InvocationFields = {
  phase: "fetch",
  memoryMiB: 0,
  requestId: "warm-up",
  method: "GET",
  url: "http://example.com/a/b?c=d",
  headers: "host:example.com\naccept:*/*\ncookie:a=b\n",
  body: null,
  clientIp: "127.0.0.1",
  domain: "example.com",
  rulePriority: 1,
  cacheStatus: "",
  tls: "",
  response: null,
};

const module = `{
  fetch(request, env, ctx) {
    const url = new URL(request.url);
    const q = url.searchParams.get("c");
    if (request.headers.has("cookie")) ctx.logger.info("warm " + q);
    return new Response("warm " + url.pathname, { status: 200, headers: { "content-type": "text/plain" } });
  },
  async clientRequest(request) {
    await null;
    request.headers.set("x-warm", "1");
    return Response.json({ warm: true });
  },
  clientResponse(response) { response.headers.set("x-warm", "1"); },
}`;

/** A classic script for `Isolate.createSnapshot`'s warm-up. Throws inside the snapshot's isolate when the guest does not answer. */
export function warmUpScript(): string {
  const invocations = [
    fields,
    { ...fields, phase: "clientRequest" as const },
    { ...fields, phase: "clientResponse" as const, response: { status: 200, headers: "a:b\n", body: null } },
  ];
  const batch = invocations
    .map((invocation, index) => frame(toEngine.invoke, int(1) + int(index + 1) + writeInvocation(invocation)))
    .join("");
  return `(() => {
  let answers = "";
  globalThis.__selvageModule = { default: ${module} };
  const receive = __selvageBoot(${JSON.stringify(JSON.stringify(facts))}, (b) => { answers += b; }, (n) => new ArrayBuffer(n), (d) => d);
  receive(${JSON.stringify(batch)});
  if (!answers.includes("warm /a/b")) throw new Error("The guest did not answer while it was warmed up");
})();`;
}
