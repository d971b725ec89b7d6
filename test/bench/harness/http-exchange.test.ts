/** The claims of bench/harness/http-exchange.ts. */
import { once } from "node:events";
import { createServer, type RequestListener, type Server } from "node:http";
import { afterEach, expect, test } from "vitest";
import { sendRequest } from "../../../bench/harness/http-exchange.ts";

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.close();
    server.closeAllConnections();
  }
});

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, "127.0.0.1");
  servers.push(server);
  await once(server, "listening");
  const address = server.address();
  return typeof address === "object" && address !== null ? `http://127.0.0.1:${address.port}` : "";
}

test("sends the given Host, headers, method and body", async () => {
  const url = await serve((request, response) => {
    request.setEncoding("utf8").once("data", (body: string) => {
      response.end(JSON.stringify([request.method, request.headers.host, request.headers["x-a"], body]));
    });
  });
  const answer = await sendRequest({ url, method: "POST", host: "docs.test", headers: { "x-a": "1" }, body: "text" });
  expect(JSON.parse(answer.body.toString())).toEqual(["POST", "docs.test", "1", "text"]);
});

test("keeps every line of a repeated header", async () => {
  const url = await serve((_request, response) => {
    response.writeHead(
      200,
      [
        ["set-cookie", "a=1"],
        ["set-cookie", "b=2"],
        ["vary", "accept"],
        ["vary", "cookie"],
      ].flat(),
    );
    response.end();
  });
  expect((await sendRequest({ url })).headers).toMatchObject({ "set-cookie": "a=1\nb=2", vary: "accept, cookie" });
});

test("an answer that breaks off is an error, not a short answer", async () => {
  const url = await serve((_request, response) => {
    response.writeHead(200, { "content-length": "100" });
    response.write("only this", () => response.destroy());
  });
  await expect(sendRequest({ url })).rejects.toThrow(/aborted|socket hang up|ECONNRESET/);
});

test("an answer that never comes is an error at the deadline", async () => {
  const url = await serve(() => undefined);
  await expect(sendRequest({ url, deadlineMs: 50 })).rejects.toThrow(/abort/i);
});
