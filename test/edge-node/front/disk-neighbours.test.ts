/** Several fronts that write to one folder at the same time: what the latest of them knows stays. */
import type http from "node:http";
import { describe, expect, it } from "vitest";
import { ask } from "../support/client.ts";
import { DiskEdges, hasWritten, statusOf, type OnDisk } from "../support/disk-edge.ts";
import { opensThings } from "../support/opened.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const opened = opensThings();
const edges = new DiskEdges(opened);

interface Scene {
  readonly one: OnDisk;
  readonly two: OnDisk;
  /** What a third front has to say, which knows nothing but the folder. */
  readonly third: () => Promise<string>;
  /** The origin's answers to GET in the order of its requests; other methods are answered at once. */
  readonly answers: readonly http.ServerResponse[];
  readonly asked: (count: number) => Promise<void>;
}

async function scene(): Promise<Scene> {
  const answers: http.ServerResponse[] = [];
  let isDone = false;
  const source = await opened.origin((request, response) => {
    if (request.method !== "GET" || isDone) response.end("asked again");
    else answers.push(response);
  });
  const folder = await temporaryFolder();
  const options = { origins: [source.port] };
  const third = async (): Promise<string> => {
    isDone = true;
    const { front } = await edges.frontOn(folder, options);
    const answer = await ask(front.port, "/a");
    return `${answer.text}: ${statusOf(answer)}`;
  };
  return {
    one: await edges.frontOn(folder, options),
    two: await edges.frontOn(folder, options),
    third,
    answers,
    asked: (count) => expect.poll(() => answers.length, { timeout: 10_000 }).toBe(count),
  };
}

const varying = { vary: "accept-language" };

function send(response: http.ServerResponse | undefined, text: string, fields: Readonly<Record<string, string>>): void {
  response?.writeHead(200, { "cache-control": "max-age=600", "content-length": text.length, ...fields }).end(text);
}

/** Until the next millisecond at the earliest. */
const tick = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5));

const key = "site.test http://site.test/a";

async function tell({ front }: OnDisk, at: number): Promise<void> {
  front.front.takeNews({ used: "", written: "", invalidated: [{ key, at }] });
  await front.close();
}

describe.each([
  ["that is the only one", {}, 1],
  ["that varies", varying, 2],
] as const)("an answer %s", { timeout: 60_000 }, (_case, fields, writes) => {
  it("that a front wrote before it heard of a change elsewhere is not there afterwards", async () => {
    const { one, two, third, answers, asked } = await scene();
    const asking = ask(two.front.port, "/a");
    await asked(1);
    await tick();
    await ask(one.front.port, "/a", { method: "POST", body: "x" });
    const at = Date.now();
    send(answers[0], "old", fields);
    await asking;
    await hasWritten(two.store, writes);
    await tell(two, at);
    expect(await third()).toMatch(/^asked again: Selvage; fwd=uri-miss/);
  });

  it("that was asked for earlier and comes later than another front's leaves that one there", async () => {
    const { one, two, third, answers, asked } = await scene();
    const first = ask(one.front.port, "/a");
    await asked(1);
    await tick();
    const second = ask(two.front.port, "/a");
    await asked(2);
    send(answers[1], "new", fields);
    await second;
    await hasWritten(two.store, writes);
    send(answers[0], "old", fields);
    await first;
    await one.front.close();
    expect(await third()).toMatch(/^new: Selvage; hit/);
  });
});

it(
  "an answer that was asked for after a change stays when a front hears of the change",
  { timeout: 60_000 },
  async () => {
    const { two, third, answers, asked } = await scene();
    const at = Date.now();
    await tick();
    const asking = ask(two.front.port, "/a");
    await asked(1);
    send(answers[0], "new", {});
    await asking;
    await hasWritten(two.store, 1);
    await tell(two, at);
    expect(await third()).toMatch(/^new: Selvage; hit/);
  },
);
