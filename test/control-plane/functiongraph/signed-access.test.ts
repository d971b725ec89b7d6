/** Signed requests to a real control plane: what is refused, and that it costs no more tries than other routes. */
import { createHash } from "node:crypto";
import { request } from "node:http";
import { afterEach, expect, it } from "vitest";
import { signatureOf } from "../../../control-plane/functiongraph/request-signature.ts";
import type { AccessKeyCreated } from "../../../sdk/api.ts";
import { adminToken, TestControlPlane, type StartOptions } from "../test-control-plane.ts";

const open: TestControlPlane[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});

async function start(options: StartOptions = {}): Promise<TestControlPlane> {
  const control = await TestControlPlane.start(options);
  open.push(control);
  return control;
}

interface Sent {
  readonly target?: string;
  readonly method?: string;
  /** What is signed. */
  readonly body?: string;
  /** What is sent in its place. */
  readonly sentBody?: string;
  readonly date?: Date;
  readonly headers?: Readonly<Record<string, string>>;
}

function send(control: TestControlPlane, key: AccessKeyCreated, sent: Sent = {}): Promise<readonly [number, string]> {
  const { target = "/v2/p1/fgs/functions", method = "GET", body = "", date = new Date() } = sent;
  const { host, hostname, port } = new URL(control.url);
  const headers = {
    "content-type": "application/json",
    host,
    "x-sdk-date": date.toISOString().replaceAll(/[-:]|\.\d{3}/g, ""),
    ...sent.headers,
  };
  const signedHeaders = ["content-type", "host", "x-sdk-date"];
  const signed = { method, target, headers, body: Buffer.from(body) };
  const signature = signatureOf(signed, { secretKey: key.secret, signedHeaders }) ?? "";
  const authorization = `SDK-HMAC-SHA256 Access=${key.id}, SignedHeaders=${signedHeaders.join(";")}, Signature=${signature}`;
  const payload = sent.sentBody ?? body;
  return new Promise((resolve, reject) => {
    const options = { hostname, port, path: target, method, headers: { ...headers, authorization } };
    const going = request(options, (answer) => {
      const parts: Buffer[] = [];
      answer.on("data", (part: Buffer) => parts.push(part));
      answer.on("end", () => {
        const { error_code: code = "" } = JSON.parse(Buffer.concat(parts).toString() || "{}") as {
          error_code?: string;
        };
        resolve([answer.statusCode ?? 0, code]);
      });
    });
    going.on("error", reject);
    going.end(payload);
  });
}

async function accessKey(control: TestControlPlane): Promise<AccessKeyCreated> {
  return control.ok<AccessKeyCreated>("POST /v1/access-keys", { body: { name: "sdk", role: "publisher" } });
}

const create = JSON.stringify({ func_name: "hello" });
const refused = [401, "FSS.0401"];

it("a signed request is let in, one that was changed on its way is not", async () => {
  const control = await start();
  const key = await accessKey(control);
  expect(await send(control, key)).toEqual([200, ""]);
  const post = { method: "POST", body: create };
  // Let in, and refused for what it asks.
  expect(await send(control, key, post)).toEqual([400, "FSS.1003"]);
  expect(await send(control, key, { ...post, sentBody: create.replace("hello", "other") })).toEqual(refused);
  const hash = createHash("sha256").update(create).digest("hex");
  const claimed = { ...post, sentBody: create.replace("hello", "other"), headers: { "x-sdk-content-sha256": hash } };
  expect(await send(control, key, claimed)).toEqual(refused);
  expect(await send(control, { ...key, secret: "another" })).toEqual(refused);
  expect(await send(control, { ...key, id: "NOBODY" })).toEqual(refused);
});

it("a signature is good for fifteen minutes around its time, and ends with its key", async () => {
  const control = await start();
  const key = await accessKey(control);
  const at = (ms: number): Date => new Date(Date.now() + ms);
  expect(await send(control, key, { date: at(-890_000) })).toEqual([200, ""]);
  expect(await send(control, key, { date: at(-910_000) })).toEqual(refused);
  expect(await send(control, key, { date: at(910_000) })).toEqual(refused);
  await control.call(`DELETE /v1/access-keys/${key.id}`);
  expect(await send(control, key)).toEqual(refused);
});

it("tokens are tried as often as at every other route, and a key calls as often as a token", async () => {
  const control = await start({ wrongTokensPerAddress: 2, requestsPerToken: 3 });
  const tried = async (token: string): Promise<number> => {
    const answer = await control.call("GET /v2/p1/fgs/functions", { token: null, headers: { "x-auth-token": token } });
    return answer.status;
  };
  const key = await accessKey(control);
  expect([await tried("wrong"), await tried("wrong-too")]).toEqual([401, 401]);
  // The right one is one that an operator chose: a right guess looks like a wrong one.
  expect([await tried("wrong-again"), await tried(adminToken)]).toEqual([429, 429]);
  const statuses: number[] = [];
  for (let call = 0; call < 6; call++) statuses.push((await send(control, key))[0]);
  expect([statuses[0], statuses.includes(429)]).toEqual([200, true]);
});
