/**
 * What reaches an origin of requests that two parsers could read differently: nothing, or one request in the one form that all read alike.
 *
 * The origin is strict and its connections are kept, so that a request in a request, or an answer that is left over, would be somebody else's.
 */
import { describe, expect, it } from "vitest";
import type { Edge } from "../support/edge.ts";
import { ask, rawExchange } from "../support/client.ts";
import { opensThings } from "../support/opened.ts";
import { answerTo, startStrictOrigin, type StrictOrigin } from "../support/strict-origin.ts";
import { askHttp1, HOST, rawTlsExchange } from "../support/tls-client.ts";
import { bodies, CHUNKED, heads, INNER, junk, lenient, marked, markOf, post, taken } from "./smuggling-forms.ts";

/** The machine may be busy. */
const PATIENT = { timeout: 120_000 };
const opened = opensThings();

const listeners = {
  "plain port": {
    exchange: (site: Edge, bytes: string) => rawExchange(site.port, bytes),
    probe: async (site: Edge, path: string) => (await ask(site.port, path, { host: HOST })).text,
  },
  "TLS port": {
    exchange: (site: Edge, bytes: string) => rawTlsExchange(site.tlsPort, bytes),
    probe: async (site: Edge, path: string) => (await askHttp1(site.tlsPort, path)).text,
  },
} as const;
type Listener = (typeof listeners)[keyof typeof listeners];

interface Outcome {
  /** Empty: closed without one, or kept open for more bytes. */
  readonly answer: string;
  /** `METHOD PATH LENGTH` of what the origin saw whole, marks left out. */
  readonly reached: readonly string[];
}

interface Sent {
  readonly outcomes: Readonly<Record<string, Outcome>>;
  readonly origin: StrictOrigin;
}

/** Sends each form on a connection of its own, a few at once, and asks for something harmless after each. */
async function sendAll(forms: Readonly<Record<string, string>>, listener: Listener): Promise<Sent> {
  const origin = await opened.keep(startStrictOrigin());
  const site = await opened.edge({ certificates: ["www"], domain: { domain: HOST }, origins: [origin.port] });
  const entries = Object.entries(forms).map(([form, bytes], index) => ({ form, bytes, mark: markOf(index) }));
  const answers = new Map<string, string>();
  const work = entries.values();
  const send = async (): Promise<void> => {
    for (const { bytes, mark } of work) {
      answers.set(mark, await untilSettled(listener.exchange(site, marked(bytes, mark))));
      expect(await listener.probe(site, `/probe${mark}`)).toBe(`GET /probe${mark} 0`);
    }
  };
  await Promise.all(Array.from({ length: 24 }, send));
  const outcomes = entries.map(({ form, mark }) => {
    const seen = origin.requests.filter(({ path }) => path.endsWith(mark) && !path.startsWith("/probe"));
    const reached = seen.map((request) => answerTo({ ...request, path: request.path.slice(0, -mark.length) }));
    return [form, { answer: answers.get(mark) ?? "", reached }] as const;
  });
  return { outcomes: Object.fromEntries(outcomes), origin };
}

/** The answer; nothing when the connection is kept for more, which deadlines of slow clients end (slow-clients.test.ts). */
async function untilSettled(exchange: Promise<string>): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  const timer = setTimeout(() => resolve(""), 3_000);
  try {
    return await Promise.race([exchange, promise]);
  } finally {
    clearTimeout(timer);
  }
}

const answersIn = (text: string): number => text.split("HTTP/1.1 ").length - 1;

function withClose(bytes: string): string {
  return bytes.replace("\r\n", "\r\nConnection: close\r\n");
}

describe.each(Object.entries(listeners))("what reaches an origin by the %s", (_name, listener) => {
  it("of heads that could be read in two ways is nothing", PATIENT, async () => {
    const { outcomes, origin } = await sendAll(heads, listener);
    const reached = Object.entries(outcomes).filter(([, outcome]) => outcome.reached.length > 0);
    expect([reached, origin.violations, origin.unfinished()]).toEqual([[], [], []]);
  });

  it(
    "of bodies with broken framing is at most one request, never the one behind, and never more than was sent",
    PATIENT,
    async () => {
      const forms = Object.fromEntries(
        Object.entries(bodies).map(([form, body]) => [form, post(CHUNKED, body + INNER)]),
      );
      const { outcomes, origin } = await sendAll(forms, listener);
      for (const [form, { answer, reached }] of Object.entries(outcomes)) {
        expect([form, reached.length <= 1, answersIn(answer) <= 1]).toEqual([form, true, true]);
        for (const one of reached) expect([form, one]).toEqual([form, expect.stringMatching(/^POST \/out [05]$/)]);
      }
      expect(origin.violations).toEqual([]);
    },
  );

  it("of odd requests is one each, in the form that all read alike, and is answered once", PATIENT, async () => {
    const forms = Object.fromEntries(Object.entries(taken).map(([form, { bytes }]) => [form, withClose(bytes)]));
    const { outcomes, origin } = await sendAll(forms, listener);
    for (const [form, { body, bytes }] of Object.entries(taken)) {
      const { answer = "", reached = [] } = outcomes[form] ?? {};
      const method = bytes.slice(0, bytes.indexOf(" "));
      expect([form, reached]).toEqual([form, [`${method} /out ${body.length}`]]);
      expect([form, answersIn(answer.replace("HTTP/1.1 100 Continue", ""))]).toEqual([form, 1]);
      const seen = origin.requests.find(({ path }) => path === `/out${markOf(Object.keys(taken).indexOf(form))}`);
      expect([form, seen?.body]).toEqual([form, marked(body, markOf(Object.keys(taken).indexOf(form)))]);
    }
    expect([origin.violations, origin.unfinished()]).toEqual([[], []]);
    const names = new Set(origin.requests.flatMap(({ fields }) => fields.map(([name]) => name)));
    for (const name of ["expect", "upgrade", "http2-settings", "keep-alive", "te"]) expect(names).not.toContain(name);
  });

  it("of requests that one parser refuses is nothing or one, without its fault", PATIENT, async () => {
    const { outcomes, origin } = await sendAll(lenient, listener);
    for (const [form, { answer, reached }] of Object.entries(outcomes)) {
      expect([form, reached.length <= 1, answersIn(answer) <= 1]).toEqual([form, true, true]);
      const isRefused = answer === "" || /^HTTP\/1\.1 [45]\d\d /.test(answer);
      expect([form, reached.length === 1 || isRefused]).toEqual([form, true]);
    }
    expect(origin.violations).toEqual([]);
    expect(origin.requests.filter(({ path }) => path.startsWith("/smuggl"))).toEqual([]);
  });

  it("of junk behind a request is nothing: the request is answered, the connection ends", PATIENT, async () => {
    const { outcomes, origin } = await sendAll(junk, listener);
    for (const [form, { answer, reached }] of Object.entries(outcomes)) {
      expect([form, reached.filter((one) => !/^(?:GET|POST) \/out [05]$/.test(one))]).toEqual([form, []]);
      expect([form, reached.length <= 1]).toEqual([form, true]);
      expect([form, answersIn(answer) <= 2]).toEqual([form, true]);
    }
    expect([origin.violations, origin.unfinished()]).toEqual([[], []]);
  });
});
