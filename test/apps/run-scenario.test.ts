/** The runner itself: what scenarios expect is really held against the answers. Its edge is a small server here. */
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { writeFile } from "node:fs/promises";
import { gzipSync } from "node:zlib";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { temporaryFolder, type TemporaryFolder } from "../sdk/project/temporary-project.ts";
import { Backend } from "./backend.ts";
import { runStep, type AppUnderTest } from "./run-scenario.ts";
import { readScenario } from "./scenario.ts";

let folder: TemporaryFolder;
let backend: Backend;
let backendUrl = "";
let edge: Server | null = null;
let app: AppUnderTest;

beforeAll(async () => {
  folder = await temporaryFolder();
  backend = await Backend.start();
});

afterAll(async () => {
  await backend.stop();
  await folder.remove();
});

beforeEach(() => {
  backendUrl = backend.add("app", [
    { path: "/a", status: 200, json: { n: 1 } },
    { path: "/late", status: 200, json: {}, held: "gate" },
  ]);
});

afterEach(() => {
  edge?.closeAllConnections();
  edge?.close();
});

/** Runs the steps of a scenario against `listener`. */
async function run(steps: string, listener: RequestListener): Promise<void> {
  const file = join(folder.path, "scenario.yaml");
  await writeFile(file, `steps:\n${steps}`);
  const scenario = await readScenario(file);
  const server = createServer(listener);
  edge = server;
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const edgeUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  app = { name: "app", domain: "app.test", edgeUrl, backend, kept: new Map() };
  for (const step of scenario.steps) await runStep(app, step);
}

const answering: RequestListener = (_request, response) => {
  response.writeHead(201, { "content-type": "application/json", "x-kind": "good" }).end('{"a":[1,2],"b":"x"}');
};
const expecting = (answer: string): string =>
  `  - { name: s, request: { path: / }, answer: { status: 201, ${answer} } }`;

describe("an answer", () => {
  test.each([
    "headers: { x-kind: good, x-none: null }",
    "headers: { x-kind: !matches '^go+d$' }",
    'text: \'{"a":[1,2],"b":"x"}\'',
    "json: { b: x, a: [1, 2] }",
    "json: { b: !matches '^[a-z]$', a: [1, 2] }",
    "jsonPart: { b: x }",
    'contains: [a, "1,2"], lacks: [c]',
  ])("that is as expected passes: %s", async (answer) => {
    await expect(run(expecting(answer), answering)).resolves.toBeUndefined();
  });

  test.each([
    "headers: { x-kind: bad }",
    "headers: { x-kind: !matches '^goo$' }",
    "headers: { x-none: '' }",
    "headers: { x-kind: null }",
    "text: '{}'",
    "json: { b: x }",
    "json: { b: x, a: [1, 2], c: null }",
    "json: { b: !matches '^[0-9]$', a: [1, 2] }",
    "jsonPart: { b: y }",
    "contains: [c]",
    "lacks: [b]",
  ])("that is not fails: %s", async (answer) => {
    await expect(run(expecting(answer), answering)).rejects.toThrow(/expected/);
  });

  test("with another status fails, also where none is named", async () => {
    await expect(run("  - { name: s, request: { path: / } }", answering)).rejects.toThrow(/status: 201/);
  });

  test("is unpacked where it should be", async () => {
    const packed: RequestListener = (_request, response) => response.end(gzipSync("text"));
    const step = (text: string): string => `  - { name: s, request: { path: / }, answer: { unpacked: ${text} } }`;
    await expect(run(step("text"), packed)).resolves.toBeUndefined();
    await expect(run(step("other"), packed)).rejects.toThrow(/expected 'text' to be 'other'/);
  });

  test("that comes later is waited for where the scenario says so", async () => {
    let asked = 0;
    const counting: RequestListener = (_request, response) => response.end(String((asked += 1)));
    await run("  - { name: s, request: { path: / }, eventually: true, answer: { text: '3' } }", counting);
    expect(asked).toBe(3);
  });
});

describe("a request", () => {
  const echo: RequestListener = (request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const { method, url, headers } = request;
      const body = Buffer.concat(chunks).toString();
      response.end(JSON.stringify({ method, url, host: headers.host, type: headers["content-type"], body }));
    });
  };

  test("goes to the app's domain with its method and body", async () => {
    const steps = `  - name: json
    request: { method: POST, path: "/p?q", json: { n: 1 } }
    answer: { json: { method: POST, url: "/p?q", host: app.test, type: application/json, body: '{"n":1}' } }
  - name: bytes
    request: { method: PUT, path: /, base64: aGk= }
    answer: { json: { method: PUT, url: /, host: app.test, body: hi } }`;
    await expect(run(steps, echo)).resolves.toBeUndefined();
  });

  test("uses what an earlier answer left", async () => {
    const twice: RequestListener = (request, response) =>
      response.end(`token=t1;${String(request.headers["x-token"])}`);
    const steps = `  - { name: first, request: { path: / }, keep: { token: "token=([^;]+);" } }
  - { name: second, request: { path: /, headers: { x-token: "\${token}" } }, answer: { text: token=t1;t1 } }`;
    await expect(run(steps, twice)).resolves.toBeUndefined();
  });

  test("that wants what was never kept fails", async () => {
    await expect(run('  - { name: s, request: { path: "/${none}" } }', answering)).rejects.toThrow(
      "Nothing was kept as none",
    );
  });
});

describe("a streamed answer", () => {
  /** The second part is sent when the backend's held answer comes. */
  const inParts: RequestListener = (_request, response) => {
    response.write("early ");
    void fetch(`${backendUrl}/late`).then(() => response.end("late"));
  };

  test("opens held answers with its pieces", async () => {
    const step =
      "  - { name: s, request: { path: / }, stream: [{ until: early, lacks: [late], opens: gate }, { until: late }] }";
    await expect(run(step, inParts)).resolves.toBeUndefined();
  });

  test("whose parts come together fails", async () => {
    const step = "  - { name: s, request: { path: / }, stream: [{ until: early, lacks: [late] }] }";
    const atOnce: RequestListener = (_request, response) => response.end("early late");
    await expect(run(step, atOnce)).rejects.toThrow(/not to include 'late'|not to contain 'late'/);
  });

  test("that ends without a piece fails", async () => {
    const step = "  - { name: s, request: { path: / }, stream: [{ until: never }] }";
    await expect(run(step, (_request, response) => response.end("x"))).rejects.toThrow(/missing/);
  });

  test("may be left: the connection closes", async () => {
    const closed = Promise.withResolvers<void>();
    const endless: RequestListener = (_request, response) => {
      response.once("close", closed.resolve);
      response.write("first");
    };
    await run("  - { name: s, request: { path: / }, stream: [{ until: first, leaves: true }] }", endless);
    await expect(closed.promise).resolves.toBeUndefined();
  });
});

describe("what the backend received", () => {
  const asking: RequestListener = (_request, response) => {
    void fetch(`${backendUrl}/a?q=1`, { method: "POST", body: '{"x":[1,2]}', headers: { "x-key": "k" } }).then(() =>
      response.end(),
    );
  };
  const step = (received: string): string => `  - { name: s, request: { path: / }, received: [${received}] }`;

  test.each([
    "{ path: /a }",
    "{ path: /a, query: q=1, contains: [x], lacks: [z] }",
    "{ method: POST, path: /a, headers: { x-key: k }, text: '{\"x\":[1,2]}', jsonPart: { x: [1, 2] } }",
  ])("passes: %s", async (received) => {
    await expect(run(step(received), asking)).resolves.toBeUndefined();
  });

  test.each([
    "",
    "{ path: /b }",
    "{ method: GET, path: /a }",
    "{ path: /a, headers: { x-key: other } }",
    "{ path: /a, query: other }",
    "{ path: /a, text: x }",
    "{ path: /a, contains: [z] }",
    "{ path: /a, lacks: [x] }",
    "{ path: /a, jsonPart: { x: [2] } }",
  ])("fails: %s", async (received) => {
    await expect(run(step(received), asking)).rejects.toThrow(/expected/);
  });
});

test("a scenario with unknown or missing fields is refused with each of them", async () => {
  const steps = "  - { name: s, request: { path: /, pat: x }, answers: {} }\n  - { request: { path: / } }";
  await expect(run(steps, answering)).rejects.toThrow(/"answers"[\s\S]*"pat"[\s\S]*steps\[1\]\.name/);
});
