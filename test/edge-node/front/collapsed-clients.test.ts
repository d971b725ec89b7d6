/** Clients that wait for one origin request and go away before its end. */
import http from "node:http";
import { describe, expect, it } from "vitest";
import { ask } from "../support/client.ts";
import type { Edge } from "../support/edge.ts";
import { opensThings } from "../support/opened.ts";
import type { Origin } from "../support/origin.ts";

const opened = opensThings();

interface Held {
  readonly edge: Edge;
  readonly source: Origin;
  /** Answers of the origin in the order of its requests, none of which it has sent. */
  readonly answers: http.ServerResponse[];
  /** Of its requests that were given up. */
  readonly closed: () => number;
}

async function held(): Promise<Held> {
  const answers: http.ServerResponse[] = [];
  let closed = 0;
  const source = await opened.origin((_request, response) => {
    answers.push(response);
    response.once("close", () => {
      if (!response.writableFinished) closed++;
    });
  });
  return { edge: await opened.edge({ origins: [source.port] }), source, answers, closed: () => closed };
}

interface Client {
  leave(): void;
}

/** A client that will not stay until its answer. */
function impatient({ edge }: Held): Client {
  const request = http.get({
    port: edge.port,
    host: "127.0.0.1",
    path: "/",
    agent: false,
    headers: { host: "site.test" },
  });
  request.on("error", () => undefined);
  return { leave: () => request.destroy() };
}

async function inFlight({ edge }: Held, count: number): Promise<void> {
  await expect.poll(() => edge.front.requestsInFlight).toBe(count);
}

/** One who leads and `count` who wait. */
async function herd(here: Held, count: number): Promise<readonly [Client, readonly Client[]]> {
  const leader = impatient(here);
  await expect.poll(() => here.answers.length).toBe(1);
  const waiting = Array.from({ length: count }, () => impatient(here));
  await inFlight(here, count + 1);
  return [leader, waiting];
}

function answer(response: http.ServerResponse | undefined, cacheControl: string): void {
  response?.setHeader("cache-control", cacheControl);
  response?.end("answer");
}

describe("clients that wait for another's answer", { timeout: 60_000 }, () => {
  it("are forgotten when they leave, and nothing is asked for them", async () => {
    const here = await held();
    const [, waiting] = await herd(here, 20);
    for (const client of waiting) client.leave();
    await inFlight(here, 1);
    // Each of them would have to ask alone now.
    answer(here.answers[0], "no-store");
    await inFlight(here, 0);
    expect(here.source.requests).toHaveLength(1);
    expect(here.edge.errors).toEqual([]);
  });

  it("stay served when the others leave, the one who leads among them", async () => {
    const here = await held();
    const [leader, waiting] = await herd(here, 5);
    const stays = ask(here.edge.port, "/");
    await inFlight(here, 7);
    for (const client of [leader, ...waiting]) client.leave();
    await inFlight(here, 2);
    answer(here.answers[0], "max-age=60");
    expect((await stays).text).toBe("answer");
    await inFlight(here, 0);
    expect([here.source.requests.length, here.closed()]).toEqual([1, 0]);
  });

  it("give the origin's request up when all have left, whoever leaves last; the next client asks anew", async () => {
    for (const last of ["leader", "waiting"] as const) {
      const here = await held();
      const [leader, waiting] = await herd(here, 3);
      const order = last === "leader" ? [...waiting, leader] : [leader, ...waiting];
      for (const client of order) client.leave();
      await inFlight(here, 0);
      await expect.poll(here.closed).toBe(1);
      const next = ask(here.edge.port, "/");
      await expect.poll(() => here.answers.length).toBe(2);
      answer(here.answers[1], "max-age=60");
      expect((await next).text).toBe("answer");
    }
  });

  it("give up a body without a known length when all have left", async () => {
    const here = await held();
    const [leader, waiting] = await herd(here, 2);
    here.answers[0]?.setHeader("cache-control", "max-age=60");
    here.answers[0]?.write("the first of many");
    leader.leave();
    for (const client of waiting) client.leave();
    await inFlight(here, 0);
    await expect.poll(here.closed).toBe(1);
  });
});
