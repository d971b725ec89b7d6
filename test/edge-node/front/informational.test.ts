import net from "node:net";
import { expect, it } from "vitest";
import { opensThings } from "../support/opened.ts";

const { edge, rawOrigin } = opensThings();

/** Sends a request and resolves with everything up to the answer's last byte. */
function exchangeText(port: number, request: string, end: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = "";
    const socket = net.connect(port, "127.0.0.1", () => socket.write(request));
    socket.on("error", reject);
    socket.on("close", () => resolve(text));
    socket.on("data", (chunk) => {
      text += chunk.toString("latin1");
      if (text.endsWith(end)) socket.end();
    });
  });
}

const get = (more = ""): string => `GET / HTTP/1.1\r\nHost: site.test\r\n${more}\r\n`;

it.each([
  [
    "one",
    "HTTP/1.1 103 Early Hints\r\nLink: <a>\r\nX: \xe9\r\n\r\n",
    "HTTP/1.1 103 Early Hints\r\nlink: <a>\r\nx: \xe9\r\n\r\n",
  ],
  ["one without fields", "HTTP/1.1 102 Processing\r\n\r\n", "HTTP/1.1 102 Processing\r\n\r\n"],
  [
    "several",
    "HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: <a>\r\nLink: <b>\r\n\r\n",
    "HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: <a>\r\nlink: <b>\r\n\r\n",
  ],
  ["none of a kind that is not the client's", "HTTP/1.1 199 What\r\nX: y\r\n\r\n", ""],
])("what an origin says before its answer reaches the client, and is not stored: %s", async (_case, said, expected) => {
  const final = "HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nContent-Length: 4\r\n\r\nbody";
  const source = await rawOrigin((socket) => socket.write(said + final, "latin1"));
  const { port } = await edge({ origins: [source.port] });
  const first = await exchangeText(port, get(), "body");
  expect(first.startsWith(`${expected}HTTP/1.1 200 OK\r\ncache-control: max-age=60\r\n`)).toBe(true);
  const second = await exchangeText(port, get(), "body");
  expect(second.startsWith("HTTP/1.1 200 OK\r\n")).toBe(true);
  expect(second).toMatch(/cache-status: Selvage; hit/);
  expect(source.connections).toBe(1);
});

it("goes out at once, long before the answer", async () => {
  const held = Promise.withResolvers<void>();
  const source = await rawOrigin((socket) => {
    socket.write("HTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\n");
    void held.promise.then(() => socket.write("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody"));
  });
  const { port } = await edge({ origins: [source.port] });
  const socket = net.connect(port, "127.0.0.1", () => socket.write(get()));
  const [chunk] = await new Promise<[Buffer]>((resolve) => socket.once("data", (data) => resolve([data])));
  expect(chunk.toString()).toBe("HTTP/1.1 103 Early Hints\r\nlink: <a>\r\n\r\n");
  held.resolve();
  const rest = await new Promise<string>((resolve) => socket.once("data", (data) => resolve(data.toString())));
  expect(rest.startsWith("HTTP/1.1 200 OK\r\n")).toBe(true);
  socket.destroy();
});

it("a client that asks for the connection's end gets the answer alone", async () => {
  const source = await rawOrigin((socket) => {
    socket.write("HTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody");
  });
  const { port } = await edge({ origins: [source.port] });
  expect((await exchangeText(port, get("Connection: close\r\n"), "body")).startsWith("HTTP/1.1 200 OK\r\n")).toBe(true);
});
