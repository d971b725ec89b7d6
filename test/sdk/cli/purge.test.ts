import { tmpdir } from "node:os";
import { describe, expect, it } from "vitest";
import type { PreheatResource, PurgeResource } from "../../../sdk/purge.ts";
import { errorAnswer, HttpDouble, type Answer, type RecordedRequest } from "./http-double.ts";
import { runTool, type ToolRun } from "./run-tool.ts";

const purged: PurgeResource = {
  id: "p-1",
  sequence: 7,
  createdAt: "2026-01-02T03:04:05.678Z",
  type: "url",
  mode: "hard",
  targets: [
    { kind: "url", domain: "www.example.com", url: "/a" },
    { kind: "url", domain: "www.example.com", url: "/b" },
  ],
  nodesConnected: 2,
  nodesDone: 2,
  completeMs: 84,
  nodes: ["n1", "n2"].map((node) => ({ node, connected: true, doneMs: 84 })),
};
const late: PurgeResource = {
  ...purged,
  nodesDone: 1,
  completeMs: null,
  nodes: [
    { node: "n1", connected: true, doneMs: 4 },
    { node: "n2", connected: true, doneMs: null },
    { node: "n3", connected: false, doneMs: null },
  ],
};
const heated: PreheatResource = {
  id: "h-1",
  createdAt: purged.createdAt,
  urls: ["http://www.example.com/a"],
  nodes: [
    {
      node: "n1",
      state: "done",
      results: [{ url: "http://www.example.com/a", status: 200, bytes: 9, cacheStatus: "x", ms: 3.2 }],
    },
  ],
  nodesDone: 1,
  completeMs: 12,
};

interface Asked {
  readonly result: ToolRun;
  readonly requests: readonly RecordedRequest[];
}

/** Runs the tool against a control plane that gives one answer. */
async function ask(words: readonly string[], answer: Answer): Promise<Asked> {
  const control = await HttpDouble.start(() => answer);
  try {
    const environment = { SELVAGE_URL: control.url, SELVAGE_TOKEN: "slv_x" };
    const result = await runTool(words, { workingDirectory: tmpdir(), environment });
    return { result, requests: control.requests };
  } finally {
    await control.stop();
  }
}

describe("selvage purge asks for", () => {
  it.each<[string, object]>([
    ["http://a.test/ http://b.test/", { type: "url", mode: "hard", urls: ["http://a.test/", "http://b.test/"] }],
    ["http://a.test/x/ --directory --soft", { type: "directory", mode: "soft", urls: ["http://a.test/x/"] }],
    [
      "--tag a --tag b --domain d.test --wait 10s",
      { type: "tag", mode: "hard", tags: ["a", "b"], domain: "d.test", waitSeconds: 10 },
    ],
    ["--all --domain d.test --wait 0", { type: "all", mode: "hard", domain: "d.test", waitSeconds: 0 }],
    ["--all --every-domain", { type: "all", mode: "hard" }],
  ])("%s", async (words, body) => {
    const { requests } = await ask(["purge", ...words.split(" ")], { status: 201, json: purged });
    expect(requests.map(({ method, path, body: sent }) => [method, path, sent])).toEqual([
      ["POST", "/v1/purges", body],
    ]);
  });
});

it.each([
  "",
  "--directory",
  "--all",
  "--every-domain http://a.test/",
  "--all --tag a --domain d.test",
  "http://a.test/ --tag a",
  "http://a.test/ --domain d.test",
  "--all --domain d.test --every-domain",
  "http://a.test/ --wait 31",
  "http://a.test/ --wait 1m",
])("selvage purge %s is wrong usage and asks nobody", async (words) => {
  const { result, requests } = await ask(["purge", ...words.split(" ").filter(Boolean)], { status: 201, json: purged });
  expect([result.code, requests]).toEqual([2, []]);
});

describe("selvage purge says", () => {
  it("how many nodes did it and how long it took", async () => {
    const { result } = await ask(["purge", "http://a.test/"], { status: 201, json: purged });
    expect(result).toMatchObject({ code: 0, stdout: "purged on 2 of 2 nodes in 84 ms\n" });
  });

  it("who did not, and ends with 1 unless it was not to wait", async () => {
    const { result } = await ask(["purge", "http://a.test/", "--soft"], {
      status: 201,
      json: { ...late, mode: "soft" },
    });
    expect(result.code).toBe(1);
    expect(result.stdout).toBe(
      "marked stale on 1 of 2 nodes so far\n  n2: has not confirmed\n  1 not connected: they purge before they serve again\n",
    );
    const { result: notWaiting } = await ask(["purge", "http://a.test/", "--wait", "0"], { status: 201, json: late });
    expect(notWaiting.code).toBe(0);
  });

  it("that no node is connected", async () => {
    const json = { ...purged, nodesConnected: 0, nodesDone: 0, completeMs: null, nodes: [] };
    expect((await ask(["purge", "http://a.test/"], { status: 201, json })).result.stdout).toBe(
      "no node is connected\n",
    );
  });

  it("why it was refused", async () => {
    expect((await ask(["purge", "http://a.test/"], errorAnswer(400, "INPUT_INVALID"))).result.code).toBe(3);
  });
});

it("selvage purges lists what was purged and who did it", async () => {
  const { result } = await ask(["purges", "list"], { status: 200, json: { purges: [purged, late] } });
  expect(result.stdout.split("\n").slice(0, 3)).toEqual([
    "NUMBER  CREATED                   MODE  TYPE  WHAT                          NODES  TIME",
    "7       2026-01-02T03:04:05.678Z  hard  url   www.example.com/a and 1 more  2/2    84 ms",
    "7       2026-01-02T03:04:05.678Z  hard  url   www.example.com/a and 1 more  1/2    -",
  ]);
});

describe("selvage preheat", () => {
  it("shows what each node got", async () => {
    const { result, requests } = await ask(["preheat", "http://www.example.com/a", "--wait", "30s"], {
      status: 201,
      json: heated,
    });
    expect(requests[0]?.body).toEqual({ urls: ["http://www.example.com/a"], waitSeconds: 30 });
    expect(result).toMatchObject({ code: 0 });
    expect(result.stdout.split("\n").slice(1, 3)).toEqual([
      "n1    http://www.example.com/a  200     9      3 ms  x",
      "preheated on 1 of 1 nodes in 12 ms",
    ]);
  });

  it.each<[string, object]>([
    [
      "an answer is an error",
      { nodes: [{ ...heated.nodes[0], results: [{ ...heated.nodes[0]?.results[0], status: 502 }] }] },
    ],
    [
      "a node gave no answer",
      { nodes: [{ ...heated.nodes[0], results: [{ ...heated.nodes[0]?.results[0], status: 0 }] }] },
    ],
    ["a node went away", { nodes: [{ node: "n1", state: "lost", results: [] }] }],
  ])("ends with 1 when %s", async (_claim, change) => {
    const { result } = await ask(["preheat", "http://www.example.com/a"], {
      status: 201,
      json: { ...heated, ...change },
    });
    expect(result.code).toBe(1);
  });
});
