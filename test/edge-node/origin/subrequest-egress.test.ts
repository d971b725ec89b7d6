/** Subrequests of functions that have egress lists: names, addresses, redirects, and connections that others opened. */
import { afterEach, describe, expect, it } from "vitest";
import { emptyBody } from "../../../runtime/body.ts";
import type { SubrequestResponse } from "../../../runtime/driver.ts";
import type { Egress } from "../../../sdk/egress.ts";
import { Connections, type Resolver } from "../../../edge-node/origin/connections.ts";
import { compileEgress } from "../../../edge-node/origin/egress-rules.ts";
import { subrequest } from "../../../edge-node/origin/subrequest.ts";
import { loopback } from "../support/edge.ts";
import { opensThings } from "../support/opened.ts";

const { origin } = opensThings();
const open: Connections[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});

function connections(resolver?: Resolver): Connections {
  const made = new Connections({ policy: loopback, ...(resolver === undefined ? {} : { resolver }) });
  open.push(made);
  return made;
}

interface Asked {
  readonly from?: Connections;
  readonly egress?: Partial<Egress>;
}

function fetchUrl(url: string, { from = connections(), egress }: Asked): Promise<SubrequestResponse> {
  const rules = compileEgress({ allow: null, deny: [], ...egress });
  return subrequest(
    { connections: from, egress: rules, cdnLoop: "selvage", signal: new AbortController().signal },
    { target: { kind: "network" }, method: "GET", url, headers: "", body: emptyBody, redirect: "follow" },
  );
}

/** Redirects `/to?URL`, else answers. */
const echo = () =>
  origin((request, response) => {
    const location = /^\/to\?(.*)$/.exec(request.url ?? "")?.[1];
    if (location === undefined) response.end("here");
    else response.writeHead(302, { location: decodeURIComponent(location) }).end("moved");
  });

describe("a function's own lists", () => {
  const denied = {
    code: "FUNCTION_EGRESS_DENIED",
    message: "The function's own egress lists do not allow the address",
  };
  const names: Readonly<Record<string, readonly string[]>> = {
    "good.test": ["127.0.0.1"],
    "both.test": ["127.0.0.2", "127.0.0.1"],
    "private.test": ["10.0.0.1"],
  };

  /** Connections that know `names`, and what was looked up. */
  function looking(): { readonly from: Connections; readonly asked: string[] } {
    const asked: string[] = [];
    const resolver: Resolver = (hostname, _options, callback) => {
      asked.push(hostname);
      callback(
        null,
        (names[hostname] ?? []).map((address) => ({ address, family: 4 })),
      );
    };
    return { from: connections(resolver), asked };
  }

  it.each<[string, Partial<Egress>]>([
    ["the name is allowed", { allow: ["good.test"] }],
    ["the address is allowed", { allow: ["127.0.0.0/8"] }],
    ["others are denied", { deny: ["bad.test", "127.0.0.2"] }],
  ])("let through when %s", async (_case, egress) => {
    const { port } = await echo();
    const response = await fetchUrl(`http://good.test:${port}/`, { from: looking().from, egress });
    expect(response.status).toBe(200);
  });

  it.each<[string, Partial<Egress>]>([
    ["the name is not allowed", { allow: ["other.test"] }],
    ["the port is not allowed", { allow: ["good.test:1"] }],
    ["the name is denied", { allow: ["*"], deny: ["good.test"] }],
    ["nothing is allowed", { allow: [] }],
  ])("refuse before anything is looked up when %s", async (_case, egress) => {
    const { port, requests } = await echo();
    const { from, asked } = looking();
    await expect(fetchUrl(`http://good.test:${port}/`, { from, egress })).rejects.toMatchObject(denied);
    expect([asked, requests]).toEqual([[], []]);
  });

  it.each<[string, Partial<Egress>]>([
    ["is not in an allowed network", { allow: ["203.0.113.0/24"] }],
    ["is in a denied network", { deny: ["127.0.0.0/8"] }],
    ["is in a denied network, whatever its name", { allow: ["good.test"], deny: ["127.0.0.0/8"] }],
  ])("refuse after the lookup when the address %s", async (_case, egress) => {
    const { port, requests } = await echo();
    const { from, asked } = looking();
    await expect(fetchUrl(`http://good.test:${port}/`, { from, egress })).rejects.toMatchObject(denied);
    expect([asked, requests]).toEqual([["good.test"], []]);
  });

  it("of a name's addresses only those are tried that they allow", async () => {
    const { port } = await echo();
    const at = { from: looking().from, egress: { allow: ["127.0.0.1"] } };
    expect((await fetchUrl(`http://both.test:${port}/`, at)).status).toBe(200);
  });

  it("judge an address in a URL in all its forms", async () => {
    const { port } = await echo();
    const egress = { deny: ["127.0.0.1"] };
    for (const host of ["127.0.0.1", "0x7f.1", "2130706433", "[::ffff:127.0.0.1]"]) {
      await expect(fetchUrl(`http://${host}:${port}/`, { egress })).rejects.toMatchObject(denied);
    }
  });

  it("never widen what the node allows", async () => {
    const egress = { allow: ["*", "10.0.0.0/8", "private.test"] };
    const { from } = looking();
    for (const host of ["10.0.0.1", "private.test"]) {
      await expect(fetchUrl(`http://${host}/`, { from, egress })).rejects.toMatchObject({ code: "EGRESS_DENIED" });
    }
  });

  it("judge each redirect", async () => {
    const { port } = await echo();
    const to = (location: string): string => `http://good.test:${port}/to?${encodeURIComponent(location)}`;
    const at = { from: looking().from, egress: { allow: ["good.test"] } };
    expect((await fetchUrl(to(`http://good.test:${port}/end`), at)).redirected).toBe(true);
    await expect(fetchUrl(to(`http://both.test:${port}/`), at)).rejects.toMatchObject(denied);
    await expect(fetchUrl(to(`http://127.0.0.1:${port}/`), at)).rejects.toMatchObject(denied);
  });

  it("hold for connections that another function opened", async () => {
    const source = await echo();
    const { from } = looking();
    const url = `http://good.test:${source.port}/`;
    const { body } = await fetchUrl(url, { from });
    if (body.kind === "stream") for await (const _chunk of body.chunks);
    await expect(fetchUrl(url, { from, egress: { deny: ["127.0.0.0/8"] } })).rejects.toMatchObject(denied);
    expect(source.requests).toHaveLength(1);
  });
});
