import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { LogFields, Logger } from "../../control-plane/logger.ts";
import { publishLimits } from "../../sdk/limits.ts";
import { adminToken, TestControlPlane } from "./test-control-plane.ts";

/** Every line that was logged, with all of its fields. */
const logged: string[] = [];
const recorder: Logger = {
  debug: note,
  info: note,
  warn: note,
  error: note,
  child: () => recorder,
};
function note(fields: LogFields, event: string): void {
  logged.push(JSON.stringify({ event, ...fields }));
}

let control: TestControlPlane;
beforeAll(async () => {
  control = await TestControlPlane.start({ logger: recorder });
  await control.ok("POST /v1/functions", { body: { name: "target" } });
});
afterAll(() => control.close());

/** Status line and body of the answer to bytes sent as they are. */
function sendRaw(bytes: string): Promise<string> {
  const { hostname, port } = new URL(control.url);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname, () => socket.write(bytes));
    let received = "";
    socket.on("data", (chunk) => {
      received += chunk.toString("latin1");
    });
    socket.on("close", () => {
      resolve(received);
    });
    socket.on("error", reject);
  });
}

describe("a body", () => {
  it.each([
    ["that is cut off", '{"name":"x"', /^body: is not JSON that is allowed here/],
    ["that is no JSON", "name=x", /^body: is not JSON/],
    ["that is empty", "", /^body: is empty, allowed: JSON/],
    ["with __proto__", '{"name":"x","__proto__":{"admin":true}}', /^body: is not JSON that is allowed here/],
    ["with a deep __proto__", '{"name":"x","description":{"__proto__":{}}}', /^body: is not JSON/],
    ["with constructor.prototype", '{"name":"x","constructor":{"prototype":{"a":1}}}', /^body: is not JSON/],
    ["that is a list", '["name"]', /^body: received \["name"\], allowed: an object/],
    ["that is null", "null", /^body: received null, allowed: an object/],
    ["that is a number", "1", /^body: received 1, allowed: an object/],
    ["with a key twice removed by case", '{"Name":"x"}', /^name: is required/],
    ["with a number for a text", '{"name":7}', /^name: received 7, allowed: a text/],
    ["with a list for a text", '{"name":["x"]}', /^name: received \["x"\], allowed: a text/],
  ])("%s is refused with 400", async (_, text, expected) => {
    const { status, code, problems } = await control.refusal("POST /v1/functions", { text });
    expect([status, code]).toEqual([400, "INPUT_INVALID"]);
    expect(problems.join("\n")).toMatch(expected);
    expect(({} as { admin?: unknown }).admin).toBeUndefined();
  });

  it("of another content type is refused", async () => {
    for (const contentType of ["text/plain", "application/x-www-form-urlencoded", "application/xml"]) {
      const { status, problems } = await control.refusal("POST /v1/functions", { text: "x", contentType });
      expect([contentType, status, problems]).toEqual([contentType, 400, ["content-type: allowed: application/json"]]);
    }
  });

  it("larger than allowed is refused with 413", async () => {
    const text = `{"name":"${"x".repeat(publishLimits.requestBytesMax)}"}`;
    const publish = await control.refusal("POST /v1/functions/target/versions", { text });
    expect([publish.status, publish.code]).toEqual([413, "PAYLOAD_TOO_LARGE"]);
    const create = await control.refusal("POST /v1/functions", { text: text.slice(0, 9_000_000) });
    expect([create.status, create.code]).toEqual([413, "PAYLOAD_TOO_LARGE"]);
  });

  it("with a hundred thousand wrong keys is refused with a bounded list", async () => {
    const keys = Object.fromEntries(Array.from({ length: 100_000 }, (_, index) => [`k${String(index)}`, 1]));
    const { status, problems } = await control.refusal("POST /v1/functions", { body: keys });
    expect([status, problems.length]).toEqual([400, 100]);
  });

  it("nested a hundred thousand deep is refused or not, and the server goes on", async () => {
    const text = `{"name":${"[".repeat(100_000)}${"]".repeat(100_000)}}`;
    const { status } = await control.call("POST /v1/functions", { text });
    expect([400, 500]).toContain(status);
    await control.ok("GET /healthz");
  });
});

describe("a path", () => {
  it.each([
    "/v1/functions/%00",
    "/v1/functions/%ff",
    "/v1/functions/%",
    "/v1/functions/..%2f..%2ftokens",
    "/v1/functions/__proto__",
    "/v1//functions",
    "/V1/functions",
  ] as const)("%s is answered with 4xx and an error body", async (path) => {
    const { status, body } = await control.call<{ error: { code: string } }>(`GET ${path}`);
    expect(status).toBeGreaterThanOrEqual(400);
    expect(status).toBeLessThan(500);
    expect(body.error.code).toMatch(/^[A-Z_]+$/);
  });

  it("with a part that is too long is answered with 400", async () => {
    const { status, code } = await control.refusal(`GET /v1/functions/${"a".repeat(5_000)}`);
    expect([status, code]).toEqual([400, "INPUT_INVALID"]);
  });

  it("with dot segments reaches no other route", async () => {
    const line = await sendRaw("GET /v1/functions/../tokens HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    expect(line).toMatch(/ 401 /);
  });
});

describe("bytes that are not HTTP", () => {
  it.each([
    ["two lengths", "POST /v1/functions HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab"],
    [
      "length and chunks",
      "POST /v1/functions HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
    ],
    ["a bare line feed", "GET /healthz HTTP/1.1\nhost: x\n\n"],
    ["no request line", "\u0016\u0003\u0001 hello\r\n\r\n"],
    ["a huge header", `GET /healthz HTTP/1.1\r\nhost: x\r\nx: ${"a".repeat(40_000)}\r\n\r\n`],
  ])("such as %s are answered with 4xx and closed", async (_, bytes) => {
    const answer = await sendRaw(bytes);
    expect(answer).toMatch(/^HTTP\/1\.1 4\d\d /);
    expect(answer).toMatch(/\r\n\r\n\{"error":\{"code":"REQUEST_(?:MALFORMED|HEADERS_TOO_LARGE)",.*\}\}$/);
  });
});

describe("a body that is said to be endless", () => {
  it.each([
    ["without a token", "", 401],
    ["with one", `authorization: Bearer ${adminToken}\r\n`, 413],
  ])("is not waited for %s: the answer comes before it", async (_, field, status) => {
    const { hostname, port } = new URL(control.url);
    const socket = connect(Number(port), hostname);
    const head = `POST /v1/functions HTTP/1.1\r\nhost: x\r\n${field}content-type: application/json\r\n`;
    socket.write(`${head}content-length: 1000000000000\r\n\r\n{`);
    const answer = await new Promise<string>((resolve) => socket.once("data", (chunk) => resolve(chunk.toString())));
    socket.destroy();
    expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${String(status)} `));
  });
});

describe("an answer", () => {
  it("to a failure inside says nothing of its cause, which is logged under the same request id", async () => {
    const { rm } = await import("node:fs/promises");
    const broken = await TestControlPlane.start({ logger: recorder });
    await broken.ok("POST /v1/functions", { body: { name: "target" } });
    // Without the folder of its uploads the control plane itself fails.
    await rm(`${broken.folder}/uploads`, { recursive: true });
    const blob = { digest: "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881", base64: btoa("x") };
    const answer = await broken.call<{ error: { code: string; message: string; requestId: string } }>(
      "POST /v1/blobs",
      {
        body: { blobs: [blob] },
      },
    );
    const { code, message, requestId } = answer.body.error;
    expect([answer.status, code, message]).toEqual([500, "CONTROL_INTERNAL", "The control plane failed."]);
    expect(logged.some((line) => line.includes(requestId) && line.includes("ENOENT"))).toBe(true);
    await broken.close();
  });

  it("carries its request id in a header and in errors", async () => {
    const { headers, body } = await control.call<{ error: { requestId: string } }>("GET /v1/functions", {
      token: null,
    });
    expect(headers.get("x-request-id")).toBe(body.error.requestId);
  });
});

describe("the log", () => {
  it("holds no token, secret or body of anything these tests sent", async () => {
    const name = "leaky";
    await control.ok("POST /v1/functions", { body: { name } });
    const body = { variables: { PLAIN: "plain-needle" }, secrets: { KEY: "secret-needle" } };
    await control.ok(`PUT /v1/functions/${name}/environment`, { body });
    await control.publish(name, "export default { fetch() { return new Response('code-needle') } };");
    await control.refusal("GET /v1/functions?token=query-needle", { token: "token-needle" });
    const text = logged.join("\n");
    expect(text).toContain("request_done");
    for (const needle of [adminToken, "plain-needle", "secret-needle", "code-needle", "query-needle", "token-needle"]) {
      expect([needle, text.includes(needle)]).toEqual([needle, false]);
    }
  });
});
