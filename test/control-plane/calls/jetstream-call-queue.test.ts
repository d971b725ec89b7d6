import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { waitFor } from "../../../bench/harness/wait-for.ts";
import { holderLimits } from "../../../control-plane/calls/call-holders.ts";
import type { CallQueue, Sending } from "../../../control-plane/calls/call-queue.ts";
import {
  openJetstreamCallQueue,
  type JetstreamCallQueueOptions,
} from "../../../control-plane/calls/jetstream-call-queue.ts";
import { parseNatsAddress } from "../../../control-plane/calls/nats-address.ts";
import { systemClock } from "../../../control-plane/clock.ts";
import { silentLogger } from "../../../control-plane/logger.ts";
import { answerError } from "../../../control-plane/rest/error-answer.ts";
import { findNats, startNats, type NatsServer } from "../../../bench/harness/nats-server.ts";
import { CutWire } from "../../support/cut-wire.ts";
import { FakeClock } from "../fake-clock.ts";
import { describeCallQueue } from "./call-queue-contract.ts";
import { endless, ended, newCall, sendingTo } from "./new-call.ts";

const MiB = 1_048_576;
const patience = { deadlineMs: 30_000 };

type Options = Partial<JetstreamCallQueueOptions> & { readonly url?: string };

describe.skipIf(findNats().kind === "missing")("the call queue on JetStream", () => {
  let server: NatsServer;
  beforeAll(async () => {
    server = await startNats();
  }, 60_000);
  afterAll(() => server.stop(), 60_000);

  let streams = 0;
  const newStream = (): string => `T${String(++streams)}`;
  const open = ({ url = server.url, ...options }: Options): Promise<CallQueue> => {
    const address = parseNatsAddress(url);
    if (address === null) throw new Error("the server's address is none");
    const settings = { address, stream: "NONE", replicas: 1, bytesMax: 16 * MiB, owner: "test" };
    const tools = { clock: systemClock, logger: silentLogger, uniqueId: randomUUID };
    return openJetstreamCallQueue({ ...settings, ...tools, ...options });
  };

  describeCallQueue("JetStream", () => {
    const stream = newStream();
    return Promise.resolve({ open: (clock) => open({ clock, stream }), remove: () => Promise.resolve() });
  });

  describe("shared by two control planes", () => {
    /** Two queues on one stream; their clocks stand still until they are moved. */
    async function pair(options: Options = {}) {
      const stream = newStream();
      const clocks = [new FakeClock(), new FakeClock()] as const;
      const one = await open({ ...options, stream, clock: clocks[0] });
      const two = await open({ ...options, stream, clock: clocks[1] });
      return { stream, one, two, clocks, close: () => Promise.all([one.close(), two.close()]) };
    }
    const knows = (queue: CallQueue, count: number): Promise<true> =>
      waitFor(async () => ((await queue.list({ limit: 1_000 })).rows.length === count ? true : null), {
        what: `${String(count)} calls`,
        ...patience,
      });

    it("gives each call to one of them", async () => {
      const { one, two, close } = await pair();
      const ids = Array.from({ length: 200 }, (_, index) => `c${String(index)}`);
      await Promise.all(ids.map((id, index) => (index % 2 === 0 ? one : two).accept(newCall(id))));
      await Promise.all([knows(one, 200), knows(two, 200)]);
      const leases = await Promise.all([one, two, one, two].map((queue) => queue.lease({ max: 100, room: endless })));
      const rest = [one, two].map((queue) => queue.lease({ max: 200, room: endless }));
      const leased = [...leases, ...(await Promise.all(rest))].flat();
      expect(leased.map(({ id }) => id).toSorted()).toEqual(ids.toSorted());
      expect(leased.every(({ id, event }) => event === `{"id":"${id}"}`)).toBe(true);
      await close();
    });

    it("shows and cancels at one what the other has", async () => {
      const { one, two, close } = await pair();
      await one.accept(newCall("a"));
      expect(await two.get("a")).toMatchObject({ id: "a", state: "wait" });
      await one.lease({ max: 1, room: endless });
      expect(await two.cancel("a")).toMatchObject({ cancelled: true, row: { state: "cancel" } });
      expect(await one.end("a", ended("finish"))).toBe(false);
      expect(await one.get("a")).toMatchObject({ state: "cancel" });
      await close();
    });

    it("gives what one had to the other when it has been silent, and takes no result from it then", async () => {
      const { one, two, clocks, close } = await pair();
      await one.accept(newCall("a", { retries: 3 }));
      await one.accept(newCall("told"));
      await one.lease({ max: 9, room: endless });
      await one.end("told", ended("finish", sendingTo({ kind: "http", url: "https://a.example/" }, '{"b":1}')));
      expect(await one.leaseSendings({ max: 9, room: endless })).toHaveLength(1);
      await knows(two, 2);
      const take = async (): Promise<{ readonly ids: readonly string[]; readonly sendings: readonly Sending[] }> => {
        const calls = await two.lease({ max: 9, room: endless });
        return { ids: calls.map(({ id }) => id), sendings: await two.leaseSendings({ max: 9, room: endless }) };
      };
      clocks[1].advance(holderLimits.silenceMs - holderLimits.beatMs);
      expect(await take()).toEqual({ ids: [], sendings: [] });
      const taken = { ids: [] as string[], sendings: [] as Sending[] };
      await waitFor(
        async () => {
          clocks[1].advance(holderLimits.beatMs);
          const { ids, sendings } = await take();
          taken.ids.push(...ids);
          taken.sendings.push(...sendings);
          return taken.ids.length > 0 && taken.sendings.length > 0 ? true : null;
        },
        { what: "what the silent one had", everyMs: 50, ...patience },
      );
      expect(taken.ids).toEqual(["a"]);
      expect(taken.sendings).toMatchObject([{ callId: "told", body: '{"b":1}', attempts: 0 }]);
      expect(await one.end("a", ended("fail"))).toBe(false);
      expect(await two.end("a", ended("finish"))).toBe(true);
      expect(await one.get("a")).toMatchObject({ state: "finish", attempts: 1 });
      await close();
    });

    it("takes nothing from anybody while it hears nobody, and then follows anew", async () => {
      const { stream, one, two, clocks, close } = await pair();
      await one.accept(newCall("a"));
      await knows(two, 1);
      await one.lease({ max: 1, room: endless });
      expect(await server.loseConsumers(stream)).toBe(2);
      expect(await server.loseConsumers(`${stream}_STATES`)).toBe(2);
      await one.accept(newCall("b"));
      for (let ms = 0; ms < holderLimits.silenceMs; ms += holderLimits.beatMs) {
        clocks[1].advance(holderLimits.beatMs);
        await delay(50);
        expect((await two.get("a"))?.state).toBe("running");
      }
      await knows(two, 2);
      expect(await one.end("a", ended("finish"))).toBe(true);
      await close();
    });

    it("gives back what is stored as its own although it has no such lease, and keeps what it has", async () => {
      const stream = newStream();
      const clocks = [new FakeClock(), new FakeClock()] as const;
      const uniqueId = (): string => "same";
      const one = await open({ stream, uniqueId, clock: clocks[0] });
      for (const id of ["a", "b"]) await one.accept(newCall(id));
      expect((await one.lease({ max: 1, room: endless })).map(({ id }) => id)).toEqual(["a"]);
      // A lease of the first that it has given up for lost, and that is stored in the end.
      const late = await open({ stream, uniqueId, clock: clocks[1] });
      expect((await late.lease({ max: 1, room: endless })).map(({ id }) => id)).toEqual(["b"]);
      const again = async (): Promise<readonly string[] | null> => {
        clocks[0].advance(holderLimits.beatMs);
        const leased = await one.lease({ max: 9, room: endless });
        return leased.length === 0 ? null : leased.map(({ id }) => id);
      };
      expect(await waitFor(again, { what: "the stray call", everyMs: 50, ...patience })).toEqual(["b"]);
      expect(await one.end("a", ended("finish"))).toBe(true);
      expect(await one.end("b", ended("finish"))).toBe(true);
      expect(await late.end("b", ended("finish"))).toBe(false);
      await Promise.all([one.close(), late.close()]);
    });

    it("calls a function that one had decided to call under the id it had decided on, once", async () => {
      const { one, two, clocks, close } = await pair({ bytesMax: MiB });
      const toFunction = sendingTo({ kind: "function", function: "g", qualifier: "latest" }, '{"of":"a"}');
      await one.accept(newCall("a"));
      await one.lease({ max: 1, room: endless });
      await one.end("a", ended("finish", toFunction));
      const [sending] = await one.leaseSendings({ max: 1, room: endless });
      // The calls' stream is full: the decision can be stored, the call cannot be made.
      const event = JSON.stringify("x".repeat(100_000));
      const filled: string[] = [];
      while (
        await two.accept(newCall(`x${String(filled.length)}`, { event })).then(
          () => true,
          () => false,
        )
      ) {
        filled.push(`x${String(filled.length)}`);
      }
      for (let bytes = 50_000; bytes > 8; bytes = Math.floor(bytes / 2)) {
        const id = `y${String(bytes)}`;
        const small = { event: JSON.stringify("x".repeat(bytes)) };
        while (
          await two.accept(newCall(`${id}.${String(filled.length)}`, small)).then(
            () => true,
            () => false,
          )
        ) {
          filled.push("");
        }
      }
      const call = newCall("decided", { function: "g", event: '{"of":"a"}', depth: 1 });
      const end = one.endSending(sending?.sequence ?? 0, { kind: "called", call });
      await expect(end).rejects.toMatchObject({ code: "STORE_FULL" });
      expect(await one.get("decided")).toBeNull();
      for (const { id } of await two.lease({ max: 3, room: endless })) await two.end(id, ended("finish"));
      await waitFor(
        async () => {
          clocks[1].advance(holderLimits.beatMs);
          await two.leaseSendings({ max: 9, room: endless });
          return two.get("decided");
        },
        { what: "the decided call", everyMs: 50, ...patience },
      );
      const leased = await two.lease({ max: 99, room: endless });
      expect(leased.filter(({ function: name }) => name === "g")).toMatchObject([
        { id: "decided", event: '{"of":"a"}', depth: 1 },
      ]);
      await waitFor(async () => ((await two.get("a"))?.destination?.state === "sent" ? true : null), {
        what: "the record's end",
        ...patience,
      });
      await close();
    });
  });

  describe("when NATS", () => {
    it("is gone accepts nothing, and goes on with all it had accepted when it is back", async () => {
      const stream = newStream();
      const own = await startNats();
      const queue = await open({ url: own.url, stream, answerMs: 2_000 });
      for (const id of ["a", "b"]) await queue.accept(newCall(id));
      await queue.lease({ max: 1, room: endless });
      await own.kill();
      const refusal = await waitFor(
        () =>
          queue.accept(newCall("no")).then(
            () => null,
            (error: unknown) => error,
          ),
        { what: "a refusal", ...patience },
      );
      expect(answerError(refusal, "r")).toMatchObject({ status: 503, body: { error: { code: "STORE_UNAVAILABLE" } } });
      await expect(queue.end("a", ended("finish"))).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
      expect(await queue.lease({ max: 1, room: endless })).toEqual([]);
      await own.start();
      const isThere = (): Promise<true | null> =>
        queue.accept(newCall(randomUUID())).then(
          () => true,
          () => null,
        );
      await waitFor(isThere, { what: "the connection", everyMs: 50, ...patience });
      expect(await queue.end("a", ended("finish"))).toBe(true);
      expect((await queue.lease({ max: 1, room: endless })).map(({ id }) => id)).toEqual(["b"]);
      await queue.close();
      await own.stop();
    });

    it("cannot be reached for a while, what others did meanwhile is known afterwards", async () => {
      const stream = newStream();
      const wire = await CutWire.to(server.port);
      const far = await open({ url: `nats://127.0.0.1:${String(wire.port)}`, stream });
      const near = await open({ stream });
      wire.cut();
      await near.accept(newCall("a"));
      await near.accept(newCall("b"));
      await near.lease({ max: 1, room: endless });
      await near.end("a", ended("finish"));
      wire.mend();
      const states = async (): Promise<string> => (await far.list({ limit: 9 })).rows.map(({ state }) => state).join();
      const look = async (): Promise<true | null> => ((await states()) === "wait,finish" ? true : null);
      await waitFor(look, { what: "both calls", everyMs: 50, ...patience });
      expect((await far.lease({ max: 9, room: endless })).map(({ id }) => id)).toEqual(["b"]);
      await Promise.all([far.close(), near.close()]);
      await wire.close();
    });

    it("does what it is asked and cannot say so, nothing is done twice or forgotten", async () => {
      const stream = newStream();
      const wire = await CutWire.to(server.port);
      const clock = new FakeClock();
      const far = await open({ url: `nats://127.0.0.1:${String(wire.port)}`, stream, clock, answerMs: 2_000 });
      const near = await open({ stream });
      const mend = async (): Promise<void> => {
        wire.cut();
        wire.mend();
        const isBack = (): Promise<true | null> =>
          far.get("a").then(
            () => true,
            () => null,
          );
        await waitFor(isBack, { what: "the connection", everyMs: 20, ...patience });
      };
      for (const id of ["a", "b"]) await far.accept(newCall(id));
      await far.lease({ max: 1, room: endless });
      wire.mute();
      await expect(far.end("a", ended("finish"))).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
      expect(await near.get("a")).toMatchObject({ state: "finish" });
      await mend();
      expect(await far.end("a", ended("finish"))).toBe(true);
      expect(await far.end("a", ended("finish"))).toBe(false);
      expect(await near.get("a")).toMatchObject({ state: "finish", attempts: 1 });
      wire.mute();
      expect(await far.lease({ max: 1, room: endless })).toEqual([]);
      expect(await near.get("b")).toMatchObject({ state: "running" });
      await mend();
      const again = async (): Promise<readonly string[] | null> => {
        clock.advance(holderLimits.beatMs);
        const leased = await far.lease({ max: 1, room: endless });
        return leased.length === 0 ? null : leased.map(({ id }) => id);
      };
      expect(await waitFor(again, { what: "the call that was leased", everyMs: 50, ...patience })).toEqual(["b"]);
      await Promise.all([far.close(), near.close()]);
      await wire.close();
    });

    it("is full answers 507, keeps what it accepted and goes on ending calls", async () => {
      const stream = newStream();
      const queue = await open({ stream, bytesMax: MiB });
      const event = JSON.stringify("x".repeat(50_000));
      const accepted: string[] = [];
      let refusal: unknown = null;
      while (refusal === null) {
        const id = `c${String(accepted.length).padStart(3, "0")}`;
        refusal = await queue.accept(newCall(id, { event })).then(
          () => null,
          (error: unknown) => error,
        );
        if (refusal === null) accepted.push(id);
      }
      expect(accepted.length).toBeGreaterThan(10);
      expect(answerError(refusal, "r")).toMatchObject({ status: 507, body: { error: { code: "STORE_FULL" } } });
      const leased = await queue.lease({ max: 5, room: endless });
      expect(leased.map(({ id }) => id)).toEqual(accepted.slice(0, 5));
      for (const { id } of leased) expect(await queue.end(id, ended("finish"))).toBe(true);
      await queue.accept(newCall("fits", { event }));
      await queue.close();
      const again = await open({ stream, bytesMax: MiB });
      const rest = await again.lease({ max: 1_000, room: endless });
      expect(rest.map(({ id }) => id)).toEqual([...accepted.slice(5), "fits"]);
      await again.close();
    });

    it("is full of states forgets what it only keeps to be shown, and goes on ending calls", async () => {
      const queue = await open({ stream: newStream(), bytesMax: 65_536 });
      const message = "m".repeat(1_000);
      for (let index = 0; index < 60; index++) {
        const id = `c${String(index)}`;
        await queue.accept(newCall(id));
        expect(await queue.lease({ max: 1, room: endless })).toHaveLength(1);
        expect(await queue.end(id, { ...ended("fail"), message })).toBe(true);
      }
      expect(await queue.get("c0")).toBeNull();
      expect(await queue.get("c59")).toMatchObject({ state: "fail" });
      await queue.close();
    });

    it("has no room for one call more than may wait, refuses it, and takes another when one has left", async () => {
      const queue = await open({ stream: newStream(), waitingMax: 2 });
      const outcomes = await Promise.allSettled(["a", "b", "c"].map((id) => queue.accept(newCall(id))));
      expect(outcomes.map(({ status }) => status)).toEqual(["fulfilled", "fulfilled", "rejected"]);
      expect(outcomes[2]).toMatchObject({ reason: { code: "CALL_QUEUE_FULL" } });
      await queue.lease({ max: 1, room: endless });
      await queue.accept(newCall("c"));
      await queue.close();
      await expect(queue.accept(newCall("d"))).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
    });
  });

  describe("openJetstreamCallQueue()", () => {
    it("refuses a wrong password, a missing one and takes the right one", async () => {
      const own = await startNats(['authorization { user: "u", password: "right" }']);
      const at = (login: string): Options => ({ url: own.url.replace("//", `//${login}`), stream: "S" });
      await expect(open(at("u:wrong@"))).rejects.toThrow(/Cannot connect to NATS: .*Authorization.*: received 127/i);
      await expect(open(at("u:wrong@"))).rejects.not.toThrow("wrong");
      await expect(open(at(""))).rejects.toThrow("Cannot connect to NATS");
      await (await open(at("u:right@"))).close();
      await own.stop();
    });

    it("refuses where nobody listens, and streams of another control plane's store", async () => {
      await expect(open({ url: "nats://127.0.0.1:1", stream: "S" })).rejects.toThrow("Cannot connect to NATS");
      const stream = newStream();
      await (await open({ stream })).close();
      await expect(open({ stream, owner: "other" })).rejects.toThrow(`the stream ${stream} belongs to another`);
    });

    it("refuses more than the server has: replicas without a cluster, bytes beyond its storage", async () => {
      await expect(open({ stream: newStream(), replicas: 3 })).rejects.toThrow(/Cannot use JetStream: .*replicas/);
      await expect(open({ stream: newStream(), bytesMax: 2 ** 52 })).rejects.toThrow(/Cannot use JetStream: .*storage/);
    });
  });
});
