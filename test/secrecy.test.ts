/**
 * No secret in a log, in an answer or on a disk: real processes at their most talkative, a flow that uses every kind of secret, then all the
 * ways in which one could be said again, refusals above all. What may say one is named beside it.
 */
import { createHash } from "node:crypto";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import https from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { publishInline, waitUntilServed } from "../bench/harness/fleet-setup.ts";
import { freePorts } from "../bench/harness/free-port.ts";
import { sendRequest } from "../bench/harness/http-exchange.ts";
import { LocalFleet, type FleetNode } from "../bench/harness/local-fleet.ts";
import { pathWithNode } from "../bench/harness/project-files.ts";
import { waitFor } from "../bench/harness/wait-for.ts";
import type { AccessKeyCreated } from "../sdk/api.ts";
import { certificateOf, chainOf, keyOf } from "./support/certificates.ts";

const HOST = "www.example.com";
const SLOW = { timeout: 240_000 };

/** What nobody may say, by what it is. */
const secrets = new Map<string, string>([
  ["a function's secret", "envSecretNeedle0123456789"],
  ["a secret that was refused", "refusedSecretNeedle\u0007012345"],
  ["the key of signed URLs", "urlAuthNeedle012345678"],
  ["its backup key", "urlAuthBackupNeedle0123"],
  ["a key that was refused", "shortNeedle!"],
  ["a certificate's key", keyOf("www").split("\n")[1] ?? ""],
  ["the key of a certificate that was refused", keyOf("stranger").split("\n")[1] ?? ""],
  ["a token that is wrong", "wrongTokenNeedle0123456789"],
  ["a client's credentials", "clientCredentialsNeedle"],
  ["a client's cookie", "clientCookieNeedle"],
  ["a client's body", "clientBodyNeedle"],
  ["a token in a query", "queryTokenNeedle"],
]);

let folder: string;
let fleet: LocalFleet;
let node: FleetNode;
let tlsPort = 0;
/** Everything that anybody answered, but where a secret is what was asked for; by what was asked. */
const answers: { readonly to: string; readonly text: string }[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "selvage-secrecy-"));
  const { PATH = "", HOME = "/" } = process.env;
  const talkative = { SELVAGE_LOG_LEVEL: "debug" };
  fleet = await LocalFleet.start({ folder, env: { PATH: pathWithNode(PATH), HOME }, settings: talkative });
  const [edge = 0, admin = 0, tls = 0] = await freePorts(3);
  tlsPort = tls;
  const settings = {
    ...talkative,
    SELVAGE_NODE_FRONTS: "1",
    SELVAGE_NODE_TLS_PORT: String(tlsPort),
    SELVAGE_NODE_ACCESS_LOG: join(folder, "access.log"),
  };
  node = await fleet.startNode({ name: "n1", settings, ports: { edge, admin } });
  secrets.set("the administrator's token", fleet.adminToken);
  secrets.set("a token that was made", (await fleet.client.createToken({ name: "ci", role: "publisher" })).token);
  secrets.set("the master key", await readFile(join(folder, "control-plane/master.key"), "utf8"));
  secrets.set("the local nodes' token", (await readFile(join(folder, "control-plane/node-token"), "utf8")).trim());
}, 240_000);

afterAll(async () => {
  await fleet.stop();
  await rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
}, 240_000);

const secret = (what: string): string => {
  const value = secrets.get(what);
  if (value === undefined) throw new Error(`There is no ${what}`);
  return value;
};

/** A call of the control plane, whose answer is kept: head and body. */
async function call(
  request: `${string} /${string}`,
  options: {
    readonly body?: unknown;
    readonly text?: string;
    readonly token?: string;
    readonly authToken?: string;
  } = {},
): Promise<{ readonly status: number; readonly text: string }> {
  const [method = "GET", path = "/"] = request.split(" ");
  const body = options.text ?? (options.body === undefined ? null : JSON.stringify(options.body));
  const response = await fetch(fleet.controlUrl + path, {
    method,
    body,
    headers: {
      ...(options.authToken === undefined
        ? { authorization: `Bearer ${options.token ?? fleet.adminToken}` }
        : { "x-auth-token": options.authToken }),
      ...(body === null ? {} : { "content-type": "application/json" }),
    },
  });
  const text = await response.text();
  answers.push({ to: request, text: JSON.stringify([...response.headers]) + text });
  return { status: response.status, text };
}

async function cli(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<number | null> {
  const { code, stdout, stderr } = await fleet.cli(args, { env });
  answers.push({ to: `selvage ${args.join(" ")}`, text: stdout + stderr });
  return code;
}

const urlAuth = (change: object = {}): object => ({
  access_log: { status: "on", sampling: 1 },
  url_auth: {
    status: "on",
    type: "type_a",
    sign_method: "sha256",
    key: secret("the key of signed URLs"),
    backup_key: secret("its backup key"),
    match_type: "catalog",
    match_value: "/paid",
    ...change,
  },
});

/** As `url-auth.ts` says. */
function signed(path: string): string {
  const head = `${Math.floor(Date.now() / 1_000)}-r-u`;
  const text = `${path}-${head}-${secret("the key of signed URLs")}`;
  return `${path}?auth_key=${head}-${createHash("sha256").update(text).digest("hex")}`;
}

async function ask(path: string): Promise<{ readonly status: number; readonly text: string }> {
  const answer = await sendRequest({
    url: node.edgeUrl + path,
    host: HOST,
    method: "POST",
    headers: {
      authorization: `Bearer ${secret("a client's credentials")}`,
      cookie: `session=${secret("a client's cookie")}`,
    },
    body: secret("a client's body"),
  });
  const text = answer.body.toString();
  answers.push({ to: path, text: JSON.stringify(answer.headers) + text });
  return { status: answer.status, text };
}

/** The certificate's own test: a handshake that is trusted. */
function handshake(): Promise<number> {
  return new Promise((resolve, reject) => {
    const options = { host: "127.0.0.1", port: tlsPort, servername: HOST, headers: { host: HOST }, ca: chainOf("ca") };
    https.get({ ...options, path: "/", agent: false }, ({ statusCode = 0 }) => resolve(statusCode)).on("error", reject);
  });
}

/** Answers with a digest of its secret; throws where it is told to. */
const code = `
const digest = async (text) =>
  new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text))).toHex?.() ??
  [...new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)))]
    .map((byte) => byte.toString(16).padStart(2, "0")).join("");
export default {
  async fetch(request, env) {
    const { pathname } = new URL(request.url);
    console.log("asked for", pathname);
    if (pathname === "/throw") throw new Error("told to");
    return new Response(await digest(env.API_KEY));
  },
};`;

describe("secrets", () => {
  it("are used for what they are for", SLOW, async () => {
    await fleet.client.createFunction({ name: "shop" });
    const environment = { variables: { PLAIN: "plain" }, secrets: { API_KEY: secret("a function's secret") } };
    expect((await call("PUT /v1/functions/shop/environment", { body: environment })).status).toBe(200);
    await publishInline(fleet, { name: "shop", code, aliases: ["prod"] });
    expect((await call("PUT /v1/certificates/www", { body: certificateOf("www") })).status).toBeLessThan(300);
    const rules = [{ phase: "fetch", matchType: "all", function: "shop", alias: "prod", priority: 50 }];
    const domain = { ...urlAuth(), rules };
    expect((await call(`PUT /v1/domains/${HOST}`, { body: domain })).status).toBeLessThan(300);
    await waitUntilServed(fleet, 1);
    const digest = createHash("sha256").update(secret("a function's secret")).digest("hex");
    expect(await ask("/")).toEqual({ status: 200, text: digest });
    expect((await ask("/paid/x")).status).toBe(403);
    expect(await ask(signed("/paid/x"))).toEqual({ status: 200, text: digest });
    expect((await ask("/throw")).status).toBe(500);
    expect(await handshake()).toBe(200);
  });

  it("stay unsaid where they are asked for", SLOW, async () => {
    const { paths } = JSON.parse((await call("GET /openapi.json")).text) as { paths: Record<string, object> };
    const filled = (path: string): string =>
      path
        .replace("/functions/{name}", "/functions/shop")
        .replace("/certificates/{name}", "/certificates/www")
        .replace("{domain}", HOST)
        .replace("{revision}", "current")
        .replace(/\{\w+\}/g, "1");
    const { token } = await fleet.client.createToken({ name: "reader", role: "publisher" });
    secrets.set("a publisher's token", token);
    for (const [path, methods] of Object.entries(paths)) {
      // These go on for ever.
      if (!("get" in methods) || path.endsWith("/stream")) continue;
      await call(`GET ${filled(path) as `/${string}`}`);
      await call(`GET ${filled(path) as `/${string}`}`, { token });
    }
    const shown = await call(`GET /v1/domains/${HOST}?secrets=true`, { token });
    expect(shown.status).toBe(403);
    for (const args of [
      ["env", "list", "shop"],
      ["domains", "get", HOST],
      ["functions", "list"],
      ["tokens", "list"],
      ["certificates", "list"],
      ["logs", "shop"],
    ]) {
      await cli(args);
    }
    await call("POST /v1/functions/shop/invocations", { body: { request: { method: "GET", url: `http://${HOST}/` } } });
    await call("POST /v1/explain", { body: { url: `http://${HOST}${signed("/paid/x")}` } });
    await cli(["cache", "explain", `http://${HOST}${signed("/paid/x")}`]);
    for (const path of ["/", "/healthz", "/metrics", "/status"]) {
      answers.push({ to: `${path} of the node`, text: await (await fetch(node.adminUrl + path)).text() });
    }
  });

  it("stay unsaid to clients of FunctionGraph, taken or refused", SLOW, async () => {
    const made = await fetch(`${fleet.controlUrl}/v1/access-keys`, {
      method: "POST",
      headers: { authorization: `Bearer ${fleet.adminToken}`, "content-type": "application/json" },
      body: JSON.stringify({ name: "sdk", role: "publisher" }),
    });
    const key = (await made.json()) as AccessKeyCreated;
    secrets.set("an access key's secret", key.secret);
    const one = "/v2/p1/fgs/functions/urn:fss:local:p1:function:default:graph";
    const settings = {
      func_name: "graph",
      runtime: "Node.js18.15",
      timeout: 30,
      handler: "index.handler",
      memory_size: 128,
    };
    const hidden = (text: string): string => JSON.stringify({ KEY: text });
    const asClient = async (request: `${string} /${string}`, body?: object): Promise<number> =>
      (await call(request, { ...(body === undefined ? {} : { body }), authToken: fleet.adminToken })).status;
    const wanted = { ...settings, encrypted_user_data: hidden(secret("a function's secret")) };
    expect(await asClient("POST /v2/p1/fgs/functions", wanted)).toBe(200);
    const bad = secret("a secret that was refused");
    expect(await asClient("POST /v2/p1/fgs/functions", { ...wanted, encrypted_user_data: bad })).toBe(400);
    expect(await asClient(`PUT ${one}/config`, { encrypted_user_data: hidden(bad.repeat(1_000)) })).toBe(400);
    expect(await asClient(`PUT ${one}/config`, { user_data: bad })).toBe(400);
    for (const path of ["config", "code", "versions", "aliases", "events", "export?code=true&config=true"]) {
      expect(await asClient(`GET ${one}/${path}`)).toBe(200);
    }
    await asClient(`POST ${one}/invocations`, { a: 1 });
    await call("GET /v1/access-keys");
  });

  it("stay unsaid where they are refused", SLOW, async () => {
    const refused = async (...input: Parameters<typeof call>): Promise<void> => {
      expect([input[0], (await call(...input)).status]).toEqual([
        input[0],
        expect.toSatisfy((status) => status >= 400),
      ]);
    };
    const environment = "PUT /v1/functions/shop/environment";
    const bad = secret("a secret that was refused");
    await refused(environment, { body: { secrets: { "no name": bad } } });
    await refused(environment, { body: { secrets: { KEY: [bad] } } });
    await refused(environment, { body: { secrets: { KEY: bad.repeat(10_000) } } });
    await refused(environment, { body: { secrets: bad } });
    await refused(environment, { text: `{"secrets":{"KEY":"${bad}` });
    await refused(`PUT /v1/domains/${HOST}`, { body: urlAuth({ key: secret("a key that was refused") }) });
    await refused(`PUT /v1/domains/${HOST}`, { body: urlAuth({ backup_key: [secret("a key that was refused")] }) });
    await refused(`PUT /v1/domains/${HOST}`, { body: urlAuth({ type: "type_z", key: secret("its backup key") }) });
    await refused(`POST /v1/domains/${HOST}/diff`, { body: urlAuth({ key: secret("a key that was refused") }) });
    await refused("PUT /v1/certificates/www", { body: { certificate: chainOf("www"), key: keyOf("stranger") } });
    await refused("PUT /v1/certificates/www", { body: { certificate: keyOf("stranger"), key: chainOf("www") } });
    await refused("PUT /v1/certificates/www", {
      body: { certificate: chainOf("www"), key: keyOf("stranger").slice(0, 90) },
    });
    await refused("GET /v1/functions", { token: secret("a token that is wrong") });
    await refused(`GET /v1/nothing?token=${secret("a token in a query")}`);
    await refused(`GET /v1/functions/${encodeURIComponent(secret("a token in a query"))}?access_token=x`, {
      token: "x",
    });
    const variables = { BAD: bad };
    expect(await cli(["env", "set", "shop", "--secret", "no name"], variables)).not.toBe(0);
    expect(await cli(["functions", "list", "--token", secret("a token that is wrong")])).not.toBe(0);
  });

  it("stay unsaid by processes that start again", SLOW, async () => {
    const printed = (): string => fleet.controlPlaneOutput + node.output;
    answers.push({ to: "the first start", text: printed() });
    await fleet.killControlPlane();
    await fleet.startControlPlane();
    await node.stop();
    answers.push({ to: "the stop", text: printed() });
    await node.start();
    await waitUntilServed(fleet, 1);
    expect((await ask(signed("/paid/y"))).status).toBe(200);
  });

  it("were said nowhere: no log, no answer, no file but those that are for one", SLOW, async () => {
    const logged = (): Promise<string> => readFile(join(folder, "access.log"), "utf8").catch(() => "");
    await waitFor(async () => ((await logged()).includes("/paid/y") ? true : null), {
      what: "the access log",
      deadlineMs: 60_000,
      everyMs: 100,
    });
    await fleet.stop();
    const logs = [fleet.controlPlaneOutput, node.output, await logged()];
    expect(logs.map((text) => text.length > 0)).toEqual([true, true, true]);
    expect(logs[0]).toContain("request_done");
    expect(answers.length).toBeGreaterThan(60);
    const files = await allFiles(folder);
    const found: string[] = [];
    for (const [what, value] of secrets) {
      expect([what, value.length >= 12]).toEqual([what, true]);
      for (const text of logs) if (holds(text, value)) found.push(`${what} in a log`);
      for (const { to, text } of answers) if (holds(text, value)) found.push(`${what} to ${to}: ${text}`);
      for (const { name, text } of files) {
        const isItsOwn = name.endsWith("master.key") || name.endsWith("node-token");
        if (!isItsOwn && holds(text, value)) found.push(`${what} in the file ${name}`);
      }
    }
    expect(found).toEqual([]);
  });
});

/** As it is, or as JSON or base64 has it. */
function holds(text: string, value: string): boolean {
  const forms = [value, JSON.stringify(value).slice(1, -1), Buffer.from(value).toString("base64").replace(/=+$/, "")];
  return forms.some((form) => text.includes(form));
}

async function allFiles(root: string): Promise<readonly { readonly name: string; readonly text: string }[]> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return Promise.all(files.map(async (name) => ({ name, text: await readFile(name, "latin1") })));
}
