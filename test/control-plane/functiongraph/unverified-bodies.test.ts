/** Room for bodies that are not verified yet: how it is shared, and how signed requests meet it. */
import { once } from "node:events";
import { request, type ClientRequest, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import fastify, { type FastifyInstance } from "fastify";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { AccessKeyService } from "../../../control-plane/access-keys/access-key-service.ts";
import { answerFgsError } from "../../../control-plane/functiongraph/fgs-error.ts";
import { signatureOf } from "../../../control-plane/functiongraph/request-signature.ts";
import { CallRates } from "../../../control-plane/rest/call-rates.ts";
import { installSignedAccess } from "../../../control-plane/rest/functiongraph/signed-access.ts";
import { UnverifiedBodies, type UnverifiedBody } from "../../../control-plane/rest/functiongraph/unverified-bodies.ts";
import type { TokenService } from "../../../control-plane/tokens/token-service.ts";
import { controlAccessLimits } from "../../../sdk/control-access-limits.ts";
import { FakeClock } from "../fake-clock.ts";

let clock: FakeClock;
let bodies: UnverifiedBodies;
let gone: string[];
beforeEach(() => {
  clock = new FakeClock();
  gone = [];
  bodies = new UnverifiedBodies({ clock, bytesMax: 100 });
});

const enter = (network: string, name = network): UnverifiedBody => bodies.enter(network, () => gone.push(name));

describe("UnverifiedBodies", () => {
  it("has room up to its bound, and for a network no more while it holds most", () => {
    expect(enter("a").take(100)).toBe(true);
    const more = enter("a");
    expect([more.take(1), gone]).toEqual([false, []]);
    expect(more.take(1)).toBe(false);
  });

  it("has the room of whoever left, once", () => {
    const first = enter("a");
    first.take(60);
    first.leave();
    first.leave();
    expect([enter("a").take(100), enter("a").take(1)]).toEqual([true, false]);
  });

  it("lets the network that holds most give way, its oldest body first", () => {
    const [one, two] = [enter("greedy", "one"), enter("greedy", "two")];
    expect([one.take(45), two.take(45), enter("b").take(10), gone]).toEqual([true, true, true, []]);
    expect([enter("c").take(20), gone]).toEqual([true, ["one"]]);
    expect([one.take(1), two.take(1)]).toEqual([false, true]);
  });

  it("is shared evenly by networks that flood it", () => {
    for (let round = 0; round < 50; round++) for (const network of ["a", "b", "c"]) enter(network).take(7);
    expect(enter("quiet").take(20)).toBe(true);
  });

  it("takes from one network's bodies only what has been arriving for long", () => {
    enter("a", "slow").take(100);
    clock.advance(controlAccessLimits.unverifiedYieldMs - 1);
    expect([enter("a").take(1), gone]).toEqual([false, []]);
    clock.advance(1);
    expect([enter("a").take(1), gone]).toEqual([true, ["slow"]]);
  });

  it("refuses what is larger than all of the room, and only that", () => {
    const [small, large] = [enter("a"), enter("b")];
    expect([small.take(10), large.take(101), small.take(10)]).toEqual([true, false, true]);
  });
});

describe("signed requests", () => {
  const secret = "secret";
  const room = 100_000;
  let app: FastifyInstance;
  let sent: ClientRequest[];
  beforeEach(async () => {
    app = fastify();
    bodies = new UnverifiedBodies({ clock, bytesMax: room });
    sent = [];
    const many = { requestsPerAddress: 1e6, requestsPerToken: 1e6, wrongTokensPerAddress: 1e6 };
    const key = { id: "KEY", name: "sdk", role: "admin", secret };
    app.removeAllContentTypeParsers();
    app.addContentTypeParser("*", { parseAs: "buffer", bodyLimit: 80_000 }, (_request, body, done) => {
      done(null, body);
    });
    app.decorateRequest("caller", null);
    app.setErrorHandler((error, _request, reply) => {
      const { status, body } = answerFgsError(error);
      return reply.code(status).send(body);
    });
    installSignedAccess(app, {
      tokens: {} as TokenService,
      accessKeys: { open: () => Promise.resolve(key) } as unknown as AccessKeyService,
      rates: new CallRates({ ...many, clock }),
      clock,
      bodies,
    });
    app.post("/", ({ body }) => ({ bytes: (body as Buffer).byteLength }));
    await app.listen({ host: "127.0.0.1", port: 0 });
  });
  afterEach(async () => {
    for (const one of sent) one.destroy();
    await app.close();
  });

  /** `bytes` of a body are announced and signed as if they were zeros. */
  function begin(bytes: number, { secretKey = secret }: { readonly secretKey?: string } = {}): ClientRequest {
    const { port } = app.server.address() as AddressInfo;
    const host = `127.0.0.1:${String(port)}`;
    const date = new Date(clock.now()).toISOString().replaceAll(/[-:]|\.\d{3}/g, "");
    const headers = { host, "x-sdk-date": date };
    const signed = { method: "POST", target: "/", headers, body: Buffer.alloc(bytes) };
    const signature = signatureOf(signed, { secretKey, signedHeaders: ["host", "x-sdk-date"] }) ?? "";
    const authorization = `SDK-HMAC-SHA256 Access=KEY, SignedHeaders=host;x-sdk-date, Signature=${signature}`;
    const going = request({
      host: "127.0.0.1",
      port,
      method: "POST",
      headers: { ...headers, authorization, "content-length": bytes },
    });
    going.on("error", () => {});
    sent.push(going);
    return going;
  }

  async function statusOf(going: ClientRequest): Promise<number> {
    const [answer] = (await once(going, "response")) as [IncomingMessage];
    answer.resume();
    return answer.statusCode ?? 0;
  }

  async function send(bytes: number, options: { readonly secretKey?: string } = {}): Promise<number> {
    const going = begin(bytes, options);
    going.end(Buffer.alloc(bytes));
    return statusOf(going);
  }

  /** Sends all but the last byte, and waits until it came. */
  async function hold(bytes: number): Promise<ClientRequest> {
    const going = begin(bytes + 1);
    expect(isRoomFor(room)).toBe(true);
    going.write(Buffer.alloc(bytes));
    await expect.poll(() => isRoomFor(room - bytes)).toBe(false);
    return going;
  }

  /** Whether so many bytes would find room without anybody giving way. */
  function isRoomFor(bytes: number): boolean {
    const probe = bodies.enter("127.0.0.1", () => {});
    const isRoom = probe.take(bytes);
    probe.leave();
    return isRoom;
  }

  it("leave their room when they are verified and when they are refused", async () => {
    for (let round = 0; round < 5; round++) expect(await send(60_000)).toBe(200);
    for (let round = 0; round < 5; round++) expect(await send(60_000, { secretKey: "wrong" })).toBe(401);
    expect(await send(81_000)).toBe(413);
    expect(isRoomFor(room)).toBe(true);
  });

  it("are answered 429 when there is no room, and go on when there is again", async () => {
    const holding = await hold(70_000);
    expect(await send(60_000)).toBe(429);
    expect(await send(20_000)).toBe(200);
    holding.end(Buffer.alloc(1));
    expect(await statusOf(holding)).toBe(200);
    expect(await send(60_000)).toBe(200);
  });

  it("give way when they take long, with an answer, and leave when their sender goes", async () => {
    const slow = await hold(70_000);
    clock.advance(controlAccessLimits.unverifiedYieldMs);
    const answered = statusOf(slow);
    expect(await send(60_000)).toBe(200);
    expect(await answered).toBe(429);
    const left = await hold(70_000);
    left.destroy();
    await expect.poll(() => isRoomFor(room)).toBe(true);
  });

  it("count more than their bytes when they come in many small chunks", async () => {
    const going = begin(1_000);
    going.removeHeader("content-length");
    const answered = statusOf(going);
    for (let chunk = 0; chunk < 1_000; chunk++) going.write(Buffer.alloc(1));
    expect(await answered).toBe(429);
    await expect.poll(() => isRoomFor(room)).toBe(true);
  });
});
