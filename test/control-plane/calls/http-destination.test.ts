import type dns from "node:dns";
import { once } from "node:events";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { HttpDestination, type PostOutcome } from "../../../control-plane/calls/http-destination.ts";
import { createEgressPolicy } from "../../../sdk/egress-policy.ts";

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close().closeAllConnections();
});

async function listen(listener: RequestListener): Promise<number> {
  const server = createServer(listener);
  servers.push(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

/** Posts once; `resolve` answers every name. */
async function post(
  url: string,
  under: { readonly allow?: readonly string[]; readonly resolve?: string } = {},
): Promise<PostOutcome> {
  const resolver = ((_name: string, _options: unknown, callback: (error: null, found: object[]) => void) => {
    callback(null, [{ address: under.resolve ?? "127.0.0.1", family: 4 }]);
  }) as unknown as typeof dns.lookup;
  const policy = createEgressPolicy({ allowNetworks: under.allow ?? ["127.0.0.0/8"] });
  const destination = new HttpDestination({ policy, userAgent: "selvage/test", resolver });
  try {
    return await destination.post(url, { body: "{}", requestId: "r1", signal: new AbortController().signal });
  } finally {
    await destination.close();
  }
}

describe("post()", () => {
  it.each([
    [200, "taken"],
    [204, "taken"],
    [301, "refused"],
    [400, "refused"],
    [404, "refused"],
    [408, "failed"],
    [429, "failed"],
    [500, "failed"],
    [503, "failed"],
  ])("an answer of %i is %s", async (status, kind) => {
    const port = await listen((_request, response) =>
      response.writeHead(status, { location: "http://10.0.0.1/" }).end(),
    );
    expect((await post(`http://name.example:${String(port)}/`)).kind).toBe(kind);
  });

  it("an address that is not public is not connected to, by whatever name", async () => {
    let asked = 0;
    const port = await listen((_request, response) => {
      asked++;
      response.end();
    });
    const refused = { kind: "refused", message: "its address is not allowed" };
    expect(await post(`http://127.0.0.1:${String(port)}/`, { allow: [] })).toEqual(refused);
    expect(await post(`http://name.example:${String(port)}/`, { allow: [] })).toEqual(refused);
    expect(await post("http://name.example/", { resolve: "169.254.169.254" })).toEqual(refused);
    expect(await post("http://[::ffff:10.0.0.1]/")).toEqual(refused);
    expect(await post("http://0x7f.1/", { allow: [] })).toEqual(refused);
    expect(asked).toBe(0);
  });

  it("no answer may be one later", async () => {
    expect(await post("http://127.0.0.1:1/")).toEqual({ kind: "failed", message: "no answer: ECONNREFUSED" });
    const port = await listen((request) => request.socket.destroy());
    expect((await post(`http://127.0.0.1:${String(port)}/`)).kind).toBe("failed");
  });

  it("does not read an endless answer", async () => {
    const port = await listen((_request, response) => {
      response.writeHead(200);
      const more = (): void => {
        while (!response.destroyed && response.write("x".repeat(65_536)));
      };
      response.on("drain", more);
      more();
    });
    expect((await post(`http://127.0.0.1:${String(port)}/`)).kind).toBe("taken");
  });
});
