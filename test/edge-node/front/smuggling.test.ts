/**
 * Requests that two parsers could read differently, on each way into a front: refused or closed, and no function sees a second request in them.
 *
 * A form is written once, as bytes of HTTP/1.1, and sent over the plain port and over TLS; HTTP/2 has the forms that its frames can carry.
 */
import net from "node:net";
import { setImmediate as turn } from "node:timers/promises";
import { afterEach, describe, expect, it } from "vitest";
import type { Edge } from "../support/edge.ts";
import { rawExchange } from "../support/client.ts";
import { textOutcome, type FunctionBody } from "../support/function-driver.ts";
import { opensThings } from "../support/opened.ts";
import { connectTls, HOST, rawTlsExchange } from "../support/tls-client.ts";
import { bodies, CHUNKED, get, H, heads, INNER, marked, markOf, post } from "./smuggling-forms.ts";

/** The machine may be busy. */
const PATIENT = { timeout: 60_000 };
const opened = opensThings();
const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const clean of cleanups.splice(0)) clean();
});

const echo: FunctionBody = async ({ body }) => {
  let bytes = 0;
  if (body.kind === "stream") for await (const chunk of body.chunks) bytes += chunk.byteLength;
  return textOutcome(`read ${bytes}`);
};

async function start(run: FunctionBody = echo): Promise<Edge> {
  return await opened.edge({
    certificates: ["www"],
    domain: { domain: HOST },
    functions: { run },
    rules: [{ phase: "fetch", function: "run" }],
  });
}

const listeners = {
  "plain port": {
    portOf: (site: Edge) => site.port,
    exchange: rawExchange,
    connect: (port: number) => Promise.resolve(net.connect(port, "127.0.0.1")),
  },
  "TLS port": {
    portOf: (site: Edge) => site.tlsPort,
    exchange: rawTlsExchange,
    connect: (port: number) => connectTls(port, { ALPNProtocols: ["http/1.1"] }),
  },
} as const;

/** Answers before it has read anything, in two pieces. */
function streaming(lengthBytes: number | undefined): FunctionBody {
  async function* chunks(): AsyncGenerator<Uint8Array, void> {
    await turn();
    yield Buffer.from("begun, ");
    await turn();
    yield Buffer.from("ended");
  }
  return () => ({
    kind: "response",
    status: 200,
    headers: "",
    body: { kind: "stream", chunks: chunks(), lengthBytes },
  });
}

/** Sends the bytes, and `later` when the answer is there to its last byte, or there is none. Resolves when the server closes. */
async function exchangeLater(socket: net.Socket, bytes: string, later: string): Promise<string> {
  cleanups.push(() => socket.destroy());
  let text = "";
  const closed = new Promise<void>((resolve) => socket.on("error", () => {}).once("close", () => resolve()));
  const answered = new Promise<void>((resolve) => {
    socket.on("data", (chunk: Buffer) => {
      text += chunk.toString("latin1");
      if (text.includes("ended")) resolve();
    });
  });
  const silent = new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, 1_000);
    cleanups.push(() => clearTimeout(timer));
  });
  socket.write(bytes, "latin1");
  await Promise.race([answered, closed, silent]);
  await turn();
  socket.write(later, "latin1");
  await closed;
  return text;
}

interface Seen {
  /** Empty: closed without one. */
  readonly answer: string;
  /** Paths of the requests that functions saw, as they are in the form. */
  readonly paths: readonly string[];
}

/** Sends all forms at once, each with paths of its own. */
async function sendAll(
  site: Edge,
  forms: Readonly<Record<string, string>>,
  send: (bytes: string) => Promise<string>,
): Promise<readonly (readonly [string, Seen])[]> {
  const numbered = Object.entries(forms).map(([form, bytes], index) => {
    const mark = markOf(index);
    return { form, mark, own: marked(bytes, mark) };
  });
  const answers = await Promise.all(numbered.map(({ own }) => within(send(own))));
  const paths = site.driver.invocations.map(({ url }) => new URL(url).pathname);
  return numbered.map(({ form, mark }, index) => {
    const own = paths.filter((path) => path.endsWith(mark)).map((path) => path.replace(mark, ""));
    return [form, { answer: answers[index] ?? "", paths: own }];
  });
}

const count = (answer: string): number => answer.split("HTTP/1.1 ").length - 1;
const STILL_OPEN = "still open";

/** The answer; or word that the server waits for more bytes, which its deadlines for slow clients end. */
function within(exchange: Promise<string>): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const deadline = setTimeout(() => resolve(STILL_OPEN), 5_000);
  cleanups.push(() => clearTimeout(deadline));
  exchange.then(resolve, reject).finally(() => clearTimeout(deadline));
  return promise;
}

describe.each(Object.entries(listeners))("the %s", (_name, { portOf, exchange, connect }) => {
  it("refuses every head that could be read in two ways, and asks no function", PATIENT, async () => {
    const site = await start();
    const seen = await sendAll(site, heads, (bytes) => exchange(portOf(site), bytes));
    const isRefused = ({ answer, paths }: Seen): boolean =>
      paths.length === 0 &&
      (answer === "" || answer === STILL_OPEN || (/^HTTP\/1\.1 (?:4\d\d|505) /.test(answer) && count(answer) === 1));
    expect(seen.filter(([, one]) => !isRefused(one))).toEqual([]);
  });

  it("takes nothing for a request that follows a body with broken framing", PATIENT, async () => {
    const site = await start();
    const forms = Object.fromEntries(Object.entries(bodies).map(([form, body]) => [form, post(CHUNKED, body + INNER)]));
    const seen = await sendAll(site, forms, (bytes) => exchange(portOf(site), bytes));
    const isContained = ({ answer, paths }: Seen): boolean => count(answer) <= 1 && !paths.includes("/smuggl");
    expect(seen.filter(([, one]) => !isContained(one))).toEqual([]);
  });

  it.each([
    ["sized", 12],
    ["of no known size", undefined],
  ])(
    "takes nothing for a request that comes after the streamed answer, %s, to such a body",
    PATIENT,
    async (_kind, length) => {
      const site = await start(streaming(length));
      const forms = Object.fromEntries(Object.entries(bodies).map(([form, body]) => [form, post(CHUNKED, body)]));
      const seen = await sendAll(site, forms, async (bytes) => {
        const mark = /\/out(\S*)/.exec(bytes)?.[1] ?? "";
        return await exchangeLater(await connect(portOf(site)), bytes, marked(INNER, mark));
      });
      // The plain port's library may still tell who is behind the last answer what it thinks of his bytes.
      const served = ({ answer }: Seen): number => answer.split("HTTP/1.1 200 ").length - 1;
      const isContained = (one: Seen): boolean => served(one) <= 1 && !one.paths.includes("/smuggl");
      expect(seen.filter(([, one]) => !isContained(one))).toEqual([]);
    },
  );

  it("takes nothing for a request that follows one that ends the connection", PATIENT, async () => {
    const site = await start();
    const seen = await sendAll(
      site,
      {
        "Connection: close": get("GET /outer HTTP/1.1", `${H}Connection: close\r\n`) + INNER,
        "a refused target": get("GET /outer# HTTP/1.1") + INNER,
        "a refused method": get("TRACE /outer HTTP/1.1") + INNER,
      },
      (bytes) => exchange(portOf(site), bytes),
    );
    expect(seen.filter(([, { paths }]) => paths.includes("/smuggl"))).toEqual([]);
  });
});

it("a field without a name hides those behind it on the plain port, and they are not passed on", async () => {
  const site = await start();
  await within(rawExchange(site.port, get("GET / HTTP/1.1", `${H}Connection: close\r\n: a\r\nX-Behind: b\r\n`)));
  expect(site.driver.invocations.map(({ headers }) => headers)).toEqual([`host:${HOST}\n`]);
});

/** Names and values as they go into a HEADERS frame; the client library would refuse some, so they are written without its checks. */
const streams: Readonly<Record<string, readonly (readonly [string, string])[]>> = {
  "transfer-encoding": [["transfer-encoding", "chunked"]],
  connection: [["connection", "x"]],
  "a length that is not the body's": [["content-length", "5"]],
  "two lengths": [
    ["content-length", "0"],
    ["content-length", "1"],
  ],
  "another host beside :authority": [["host", "other.example"]],
  "a capital in a name": [["X", "a"]],
  "a second path": [[":path", "/smuggled"]],
  "an unknown pseudo-field": [[":x", "a"]],
};
/** The library treats such a field as not sent (nghttp2_on_invalid_header_callback). */
const dropped: typeof streams = {
  "a line break in a value": [["x", "a\r\ntransfer-encoding: chunked"]],
  "a bare line feed in a value": [["x", "a\nb"]],
  "a NUL in a value": [["x", "a\0b"]],
  "a line break in a name": [["x\r\ny", "a"]],
  "a colon in a name": [["x:y", "a"]],
  "a space in a name": [["x y", "a"]],
};
const targets: Readonly<Record<string, readonly [string, string]>> = {
  "a line break in the path": [":path", "/a HTTP/1.1\r\nx: y"],
  "a space in the path": [":path", "/a b"],
  "a path without a slash": [":path", "a"],
  "an absolute path": [":path", "http://other.example/"],
  "a fragment in the path": [":path", "/a#b"],
  "userinfo in the authority": [":authority", `a@${HOST}`],
  "a line break in the method": [":method", "GET / HTTP/1.1\r\nx: y"],
  "a space in the method": [":method", "GET x"],
};

/** RFC 7541 §6.2.2: a literal field, not indexed, new name; strings shorter than 127 bytes. */
function literal(name: string, value: string): Buffer {
  const text = (bytes: string): Buffer => Buffer.from(String.fromCharCode(bytes.length) + bytes, "latin1");
  return Buffer.concat([Buffer.from([0]), text(name), text(value)]);
}

function frame(type: number, flags: number, options: { readonly stream: number; readonly payload: Buffer }): Buffer {
  const { length } = options.payload;
  return Buffer.concat([
    Buffer.from([length >> 16, length >> 8, length, type, flags, 0, 0, 0, options.stream]),
    options.payload,
  ]);
}

/** One request by hand on a connection; ends the connection with a GOAWAY, so that all that the server says has come. */
async function sendStream(port: number, fields: readonly (readonly [string, string])[]): Promise<void> {
  const socket = await connectTls(port, { ALPNProtocols: ["h2"] });
  cleanups.push(() => socket.destroy());
  socket.resume();
  const head = Buffer.concat(fields.map(([name, value]) => literal(name, value)));
  socket.write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
  socket.write(frame(0x4, 0, { stream: 0, payload: Buffer.alloc(0) }));
  socket.write(frame(0x1, 0x5, { stream: 1, payload: head }));
  // A PING is answered after what came before it was looked at.
  socket.write(frame(0x6, 0, { stream: 0, payload: Buffer.alloc(8) }));
  let received = Buffer.alloc(0);
  await new Promise<void>((resolve) => {
    socket.on("data", (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
      if (hasPong(received)) resolve();
    });
    socket.once("close", () => resolve());
  });
  socket.destroy();
}

function hasPong(bytes: Buffer): boolean {
  for (let at = 0; at + 9 <= bytes.length; at += 9 + bytes.readUIntBE(at, 3)) {
    if (bytes[at + 3] === 0x6 && ((bytes[at + 4] ?? 0) & 1) === 1) return true;
  }
  return false;
}

describe("HTTP/2", () => {
  const pseudo = [
    [":method", "GET"],
    [":scheme", "https"],
    [":path", "/outer"],
    [":authority", HOST],
  ] as const;
  const forms = [
    ...Object.entries(streams).map(([form, fields]) => [form, [...pseudo, ...fields]] as const),
    ...Object.entries(targets).map(
      ([form, [name, value]]) =>
        [form, pseudo.map((field) => (field[0] === name ? ([name, value] as const) : field))] as const,
    ),
  ];

  it("refuses every head that HTTP/1.1 behind it could read in two ways, and asks no function", async () => {
    const site = await start();
    const found: string[] = [];
    for (const [form, fields] of forms) {
      await sendStream(site.tlsPort, fields);
      if (site.driver.invocations.splice(0).length > 0) found.push(form);
    }
    expect(found).toEqual([]);
  });

  it("does not pass on a field outside the grammar", async () => {
    const site = await start();
    for (const fields of Object.values(dropped)) await sendStream(site.tlsPort, [...pseudo, ...fields]);
    const headers = new Set(site.driver.invocations.map((invocation) => invocation.headers));
    expect([...headers]).toEqual([`host:${HOST}\n`]);
  });

  it("asks for the same head without its fault", async () => {
    const site = await start();
    await sendStream(site.tlsPort, pseudo);
    expect(site.driver.invocations).toHaveLength(1);
  });
});
