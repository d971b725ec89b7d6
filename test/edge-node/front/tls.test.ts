/** The TLS port itself: certificates, connections, and what hostile ones may cost. */
import type { ClientHttp2Session } from "node:http2";
import type { TLSSocket } from "node:tls";
import { describe, expect, it } from "vitest";

/** The machine may be busy. */
const PATIENT = { timeout: 180_000 };
import type { Body } from "../../../runtime/body.ts";
import { tlsLimits } from "../../../sdk/cdn-limits.ts";
import { servingCertificate, type Edge, type EdgeOptions } from "../support/edge.ts";
import { textOutcome } from "../support/function-driver.ts";
import { opensThings } from "../support/opened.ts";
import { answerOf, askHttp1, askHttp2, connectTls, HOST, openHttp2, rawTlsExchange } from "../support/tls-client.ts";

const opened = opensThings();
const answering: EdgeOptions = {
  functions: { hello: () => textOutcome("hello") },
  rules: [{ phase: "fetch", function: "hello" }],
};
const edge = (options: EdgeOptions = {}): Promise<Edge> =>
  opened.edge({ certificates: ["www"], ...answering, ...options, domain: { domain: HOST, ...options.domain } });

const ended = (session: ClientHttp2Session): Promise<void> =>
  new Promise((resolve) => (session.closed || session.destroyed ? resolve() : session.once("close", () => resolve())));
const subjectOf = (socket: TLSSocket): string =>
  socket.getPeerCertificate().fingerprint256.replaceAll(":", "").toLowerCase();

/** A frame (RFC 9113 §4.1). */
function frame(type: number, flags: number, payload: Buffer, stream = 1): Buffer {
  const { length } = payload;
  const head = [length >> 16, length >> 8, length, type, flags, 0, 0, stream >> 8, stream];
  return Buffer.concat([Buffer.from(head), payload]);
}

/** RFC 7541 §6.1 and §6.2: indexed :method POST, :scheme https, :path /, and :authority as a literal. */
const POST_HEAD = Buffer.concat([Buffer.from([0x83, 0x87, 0x84, 0x01, HOST.length]), Buffer.from(HOST)]);
const CANCEL = Buffer.from([0, 0, 0, 8]);

/** What a client begins with, and a POST with these frames behind its head. */
function http2Opening(frames: readonly Buffer[]): Buffer {
  const preface = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
  const settings = Buffer.from([0, 0, 0, 0x4, 0, 0, 0, 0, 0]);
  return Buffer.concat([preface, settings, frame(0x1, 0x4, POST_HEAD), ...frames]);
}

async function readBody(body: Body, onChunk: () => void = () => {}): Promise<string> {
  let text = "";
  if (body.kind !== "stream") return body.kind;
  try {
    for await (const chunk of body.chunks) {
      text += Buffer.from(chunk).toString();
      onChunk();
    }
    return `${text}, then its end`;
  } catch (error) {
    return `${text}, then ${error instanceof Error && "code" in error ? String(error.code) : "?"}`;
  }
}

describe("a session ticket", () => {
  /** A ticket of the connection, which is closed: TLS 1.3 sends it after the handshake, TLS 1.2 with it. */
  const ticketOf = async (socket: TLSSocket): Promise<Buffer> => {
    const late = new Promise<Buffer>((resolve) => socket.once("session", resolve));
    const ticket = (socket.getProtocol() === "TLSv1.2" ? socket.getSession() : undefined) ?? (await late);
    socket.destroy();
    return ticket;
  };
  const [key, other] = [1, 2].map((byte) => Buffer.alloc(48, byte).toString("base64"));

  it.each(["TLSv1.2", "TLSv1.3"] as const)(
    "of one front is taken by another one with the same key: %s",
    async (version) => {
      const [one, two] = [await edge(), await edge()];
      for (const { front } of [one, two]) front.setTicketKey(key ?? "");
      const options = { ALPNProtocols: ["http/1.1"], minVersion: version, maxVersion: version };
      const session = await ticketOf(await connectTls(one.tlsPort, options));
      const again = await connectTls(two.tlsPort, { ...options, session });
      expect(again.isSessionReused()).toBe(true);
      again.destroy();
      two.front.setTicketKey(other ?? "");
      const late = await connectTls(two.tlsPort, { ...options, session });
      expect(late.isSessionReused()).toBe(false);
      late.destroy();
    },
  );
});

describe("a handshake", () => {
  it("gets the certificate of its name: exact before wildcard, the newest of several", async () => {
    const { tlsPort } = await edge({ certificates: ["wildcard", "www", "renewed"] });
    const seen = async (servername: string): Promise<string> => {
      const socket = await connectTls(tlsPort, { servername });
      const subject = subjectOf(socket);
      socket.destroy();
      return subject;
    };
    expect(await seen(HOST)).toBe(servingCertificate("renewed").fingerprint);
    expect(await seen("WWW.example.COM")).toBe(servingCertificate("renewed").fingerprint);
    expect(await seen("example.com")).toBe(servingCertificate("www").fingerprint);
    expect(await seen("other.example.com")).toBe(servingCertificate("wildcard").fingerprint);
  });

  it.each([
    ["no name", { servername: "" }],
    ["a name without a certificate", { servername: "other.test" }],
    ["a name below a wildcard's label", { servername: "a.b.example.com" }],
    ["an old version", { servername: HOST, minVersion: "TLSv1.1", maxVersion: "TLSv1.1" }],
    ["no protocol that is spoken here", { servername: HOST, ALPNProtocols: ["spdy/3"] }],
  ] as const)("with %s fails", async (_what, options) => {
    const { tlsPort } = await edge({ certificates: ["www", "wildcard"] });
    await expect(
      connectTls(tlsPort, {
        ...options,
        ALPNProtocols: [...("ALPNProtocols" in options ? options.ALPNProtocols : ["h2"])],
      }),
    ).rejects.toThrow(/alert|disconnected|SSL routines|ECONNRESET/);
    expect((await askHttp2(tlsPort, "/")).text).toBe("hello");
  });

  it("chooses HTTP/2 where the client can, else HTTP/1.1", async () => {
    const { tlsPort } = await edge();
    for (const [offered, chosen] of [
      [["http/1.1", "h2"], "h2"],
      [["http/1.1"], "http/1.1"],
    ] as const) {
      const socket = await connectTls(tlsPort, { ALPNProtocols: [...offered] });
      expect(socket.alpnProtocol).toBe(chosen);
      socket.destroy();
    }
    expect(await rawTlsExchange(tlsPort, `GET / HTTP/1.1\r\nHost: ${HOST}\r\nConnection: close\r\n\r\n`)).toMatch(
      /^HTTP\/1\.1 200 OK\r\n[^]*\r\n\r\nhello$/,
    );
  });
});

describe("new certificates", () => {
  it("serve the next handshake, while open connections go on", async () => {
    const { tlsPort, front } = await edge();
    const session = await openHttp2(tlsPort);
    expect((await answerOf(session.request({ ":authority": HOST }))).text).toBe("hello");
    front.setCertificates([servingCertificate("renewed")]);
    const next = await connectTls(tlsPort);
    expect(subjectOf(next)).toBe(servingCertificate("renewed").fingerprint);
    next.destroy();
    expect((await answerOf(session.request({ ":authority": HOST }))).text).toBe("hello");
    front.setCertificates([]);
    await expect(connectTls(tlsPort)).rejects.toThrow("alert");
    expect((await answerOf(session.request({ ":authority": HOST }))).text).toBe("hello");
    session.destroy();
  });
});

describe("drain()", () => {
  it("lets what is in flight end, tells clients to leave, and takes no more connections", async () => {
    const gate = Promise.withResolvers<ReturnType<typeof textOutcome>>();
    const { tlsPort, front } = await edge({ functions: { hello: () => gate.promise } });
    const session = await openHttp2(tlsPort);
    const http2Answer = answerOf(session.request({ ":authority": HOST }));
    const http1Answer = askHttp1(tlsPort, "/");
    await expect.poll(() => front.requestsInFlight, PATIENT).toBe(2);
    const drained = front.drain(60_000);
    await expect(connectTls(tlsPort)).rejects.toThrow("ECONNREFUSED");
    gate.resolve(textOutcome("done"));
    expect([(await http2Answer).text, (await http1Answer).text]).toEqual(["done", "done"]);
    expect((await http1Answer).headers["connection"]).toBe("close");
    await drained;
    await ended(session);
  });
});

describe("HTTP/1.1 that would smuggle", () => {
  it.each([
    ["two lengths", "POST / HTTP/1.1\r\nHost: HOST\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab"],
    [
      "length and chunks",
      "POST / HTTP/1.1\r\nHost: HOST\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    ],
    ["another last coding", "POST / HTTP/1.1\r\nHost: HOST\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n"],
    ["a blank before the colon", "GET / HTTP/1.1\r\nHost : HOST\r\n\r\n"],
    ["a folded line", "GET / HTTP/1.1\r\nHost: HOST\r\nX-A: a\r\n b\r\n\r\n"],
    ["two hosts", "GET / HTTP/1.1\r\nHost: HOST\r\nHost: other.test\r\n\r\n"],
    ["no host", "GET / HTTP/1.1\r\n\r\n"],
    ["a bare line feed", "GET / HTTP/1.1\nHost: HOST\n\n"],
    ["a NUL", "GET / HTTP/1.1\r\nHost: HOST\r\nX-A: \0\r\n\r\n"],
    ["another URL's host", "GET http://other.test/ HTTP/1.1\r\nHost: HOST\r\n\r\n"],
  ])("by %s is refused, and nothing behind it is answered", async (_what, request) => {
    const { tlsPort, driver } = await edge();
    const second = `GET /second HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`;
    const answer = await rawTlsExchange(tlsPort, request.replaceAll("HOST", HOST) + second);
    expect(answer).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n[^]*\r\nconnection: close\r\n/i);
    expect(answer.match(/HTTP\/1\.1/g)).toHaveLength(1);
    expect(driver.invocations).toEqual([]);
  });

  it("answers requests that follow each other in order", async () => {
    const { tlsPort } = await edge();
    const request = `GET / HTTP/1.1\r\nHost: ${HOST}\r\n`;
    const answer = await rawTlsExchange(tlsPort, `${request}\r\n${request}Connection: close\r\n\r\n`);
    expect(answer.match(/HTTP\/1\.1 200 OK/g)).toHaveLength(2);
  });
});

describe("HTTP/2 that is hostile", () => {
  it.each([
    ["a Host field that differs from the authority", { host: "other.test" }, 400],
    ["another scheme", { ":scheme": "http" }, 400],
    ["no path", { ":path": "*", ":method": "OPTIONS" }, 400],
  ])("with %s is refused", async (_what, fields, status) => {
    const { tlsPort } = await edge();
    const session = await openHttp2(tlsPort);
    const answer = await answerOf(session.request({ ":authority": HOST, ":path": "/", ...fields }));
    expect(answer.status).toBe(status);
    session.destroy();
  });

  it("with a body that is not as long as it says never looks whole to the origin", async () => {
    let seen = "";
    const origin = await opened.rawOrigin(() => {});
    const { tlsPort } = await edge({ rules: [], origins: [origin.port] });
    for (const body of ["abc", "abcdefgh"]) {
      const session = await openHttp2(tlsPort);
      const stream = session.request({ ":method": "POST", ":authority": HOST, "content-length": 5 });
      stream.end(body);
      await answerOf(stream).catch((error: unknown) => error);
      session.destroy();
    }
    seen = origin.received.join();
    expect(seen).not.toMatch(/\r\n\r\nabcde/);
  });

  it.each([
    ["with an error", 8],
    ["without one", 0],
  ])("that resets a stream in the middle of its body %s makes nobody take it for whole", async (_what, code) => {
    const begun = Promise.withResolvers<void>();
    const outcome = Promise.withResolvers<string>();
    const { tlsPort } = await edge({
      functions: {
        hello: async (invocation) => {
          outcome.resolve(await readBody(invocation.body, begun.resolve));
          return textOutcome("read");
        },
      },
    });
    const socket = await connectTls(tlsPort, { ALPNProtocols: ["h2"] });
    socket.resume();
    const reset = Buffer.from([0, 0, 0, code]);
    socket.write(http2Opening([frame(0x0, 0, Buffer.from("first"))]));
    await begun.promise;
    socket.write(frame(0x3, 0, reset));
    expect(await outcome.promise).toBe("first, then REQUEST_ABORTED");
    socket.destroy();
  });

  it("that ends its body is whole", async () => {
    const outcome = Promise.withResolvers<string>();
    const { tlsPort } = await edge({
      functions: {
        hello: async (invocation) => {
          outcome.resolve(await readBody(invocation.body));
          return textOutcome("read");
        },
      },
    });
    const socket = await connectTls(tlsPort, { ALPNProtocols: ["h2"] });
    socket.resume();
    socket.write(http2Opening([frame(0x0, 0, Buffer.from("first")), frame(0x0, 0x1, Buffer.from(" last"))]));
    expect(await outcome.promise).toBe("first last, then its end");
    socket.destroy();
  });

  it("that opens and resets streams without end is cut off", async () => {
    const silent = await opened.rawOrigin(() => {});
    const { tlsPort, front } = await edge({ rules: [], origins: [silent.port] });
    const socket = await connectTls(tlsPort, { ALPNProtocols: ["h2"] });
    socket.resume();
    const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
    socket.write(http2Opening([frame(0x3, 0, CANCEL)]));
    for (let stream = 3; stream < 1_000 && !socket.destroyed; stream += 2) {
      socket.write(Buffer.concat([frame(0x1, 0x4, POST_HEAD, stream), frame(0x3, 0, CANCEL, stream)]));
      if (stream % 20 === 1) await new Promise((resolve) => setTimeout(resolve, 2));
    }
    await closed;
    await expect.poll(() => front.requestsInFlight, PATIENT).toBe(0);
    expect((await askHttp2(tlsPort, "/", { method: "TRACE" })).status).toBe(405);
  });

  it("sends no more requests at once than one connection may", async () => {
    const silent = await opened.rawOrigin(() => {});
    const { tlsPort, front } = await edge({ rules: [], origins: [silent.port] });
    const session = await openHttp2(tlsPort);
    // Until it is told another bound, a client keeps to 100.
    await expect.poll(() => session.remoteSettings.maxConcurrentStreams, PATIENT).toBe(tlsLimits.streamsMax);
    for (let count = 0; count < tlsLimits.streamsMax + 50; count++) {
      session.request({ ":authority": HOST, ":path": `/${count}` }).on("error", () => {});
    }
    await expect.poll(() => front.requestsInFlight, PATIENT).toBe(tlsLimits.streamsMax);
    session.destroy();
    await expect.poll(() => front.requestsInFlight, PATIENT).toBe(0);
  });
});
