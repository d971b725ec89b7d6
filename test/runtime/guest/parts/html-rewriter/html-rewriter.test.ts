/** HTMLRewriter over responses: scenarios as data at every cut of their input, selectors, refusals, errors, hostile input. */
import { describe, expect, test } from "vitest";
import { HTMLRewriter } from "../../../../../runtime/guest/parts/html-rewriter/html-rewriter.ts";
import type { Element } from "../../../../../runtime/guest/parts/html-rewriter/element.ts";
import { Response } from "../../../../../runtime/guest/web/fetch/response.ts";
import { ReadableStream } from "../../../../../runtime/guest/parts/streams/main.ts";
import { documentScenarios } from "./document-scenarios.ts";
import { elementScenarios, type Scenario } from "./element-scenarios.ts";
import { soup } from "./soup.ts";
import { provideParts } from "../../provide-parts.ts";

provideParts();

function streamOf(chunks: readonly Uint8Array[]): ReadableStream<Uint8Array> {
  let next = 0;
  return new ReadableStream<Uint8Array>(
    {
      pull: (controller) => {
        const chunk = chunks[next++];
        if (chunk === undefined) controller.close();
        else controller.enqueue(chunk);
      },
    },
    { highWaterMark: 0 },
  );
}

interface Run {
  readonly output: string;
  readonly seen: readonly string[];
}

async function run({ rewrite }: Pick<Scenario, "rewrite">, chunks: readonly Uint8Array[]): Promise<Run> {
  const seen: string[] = [];
  const rewriter = new HTMLRewriter();
  rewrite(rewriter, (what) => seen.push(what));
  const output = Buffer.from(await rewriter.transform(new Response(streamOf(chunks))).bytes()).toString();
  return { output, seen };
}

function transformed(html: string, rewrite: (rewriter: HTMLRewriter) => unknown): Promise<string> {
  const rewriter = new HTMLRewriter();
  rewrite(rewriter);
  return rewriter.transform(new Response(html)).text();
}

describe("the scenario", () => {
  test.each([...elementScenarios, ...documentScenarios])("$name", async (scenario) => {
    const bytes = Buffer.from(scenario.input);
    const whole = await run(scenario, [bytes]);
    expect(whole.output).toBe(scenario.output);
    expect(whole.seen).toEqual(scenario.seen ?? []);
    // Which text chunks there are depends on the cut; what comes out does not.
    const single = await run(
      scenario,
      [...bytes].map((value) => new Uint8Array([value])),
    );
    expect(single.output).toBe(scenario.output);
    for (let at = 1; at < bytes.length; at++) {
      const { output } = await run(scenario, [bytes.subarray(0, at), bytes.subarray(at)]);
      expect(output, `cut at ${String(at)}`).toBe(scenario.output);
    }
  });
});

describe("random soup", () => {
  const change = (rewriter: HTMLRewriter): unknown =>
    rewriter
      .on("p", { element: (p: Element) => p.before("1").prepend("2").append("3").after("4").setAttribute("c", "d") })
      .on("svg p, li", { element: (element: Element) => element.setInnerContent("5") })
      .on("p > *", { element: (element: Element) => element.remove() })
      .onDocument({ comments: (comment: { replace(html: string): unknown }) => comment.replace("6") });
  const keep = (rewriter: HTMLRewriter): unknown =>
    rewriter.on("*", { element: () => undefined, text: () => undefined, comments: () => undefined });

  test.each([
    ["is the same however it is cut when handlers change it", change, null],
    ["comes out as it went in when handlers change nothing", keep, "input"],
  ])("%s", async (_claim, rewrite, expected) => {
    const differences: string[] = [];
    for (const html of soup(300)) {
      const bytes = Buffer.from(html);
      const whole = expected === null ? (await run({ rewrite }, [bytes])).output : html;
      for (let at = 0; at < bytes.length; at++) {
        const { output } = await run({ rewrite }, [bytes.subarray(0, at), bytes.subarray(at)]);
        if (output !== whole) differences.push(`${JSON.stringify(html)} cut at ${String(at)}: ${output} not ${whole}`);
      }
    }
    expect(differences).toEqual([]);
  });
});

describe("selectors", () => {
  const document =
    '<html><body id=b class="x y"><div class=a data-l=en-US><p id=p1>1</p><p id=p2 class="a b">2<b id=b1></b></p><i id=i1></i><p id=p3 LANG=EN></p></div><div><p id=p4 title="a b"></p></div></body></html>';

  async function idsOf(selector: string): Promise<string> {
    const ids: string[] = [];
    await transformed(document, (rewriter) =>
      rewriter.on(selector, { element: (element: Element) => ids.push(element.getAttribute("id") ?? element.tagName) }),
    );
    return ids.join(" ");
  }

  test.each([
    ["*", "html b div p1 p2 b1 i1 p3 div p4"],
    ["P", "p1 p2 p3 p4"],
    [".a", "div p2"],
    [".a.b", "p2"],
    ["#p1", "p1"],
    ["p#p1, i, p", "p1 p2 i1 p3 p4"],
    ["body p", "p1 p2 p3 p4"],
    ["body > p", ""],
    ["div > p", "p1 p2 p3 p4"],
    [".a b", "b1"],
    [".a > p > b", "b1"],
    ["html body div b", "b1"],
    ["html > div b", ""],
    ["p p", ""],
    ["[class]", "b div p2"],
    ["[class=a]", "div"],
    ["[class~=a]", "div p2"],
    ["[class^=a]", "div p2"],
    ["[class$=b]", "p2"],
    ["[class*=' ']", "b p2"],
    ["[data-l|=en]", "div"],
    ["[class^='']", ""],
    ["[lang=en]", ""],
    ["[lang=en i]", "p3"],
    ["[lang=EN s]", "p3"],
    ["[title='a b']", "p4"],
    ["p:first-child", "p1 p4"],
    ["p:nth-child(1)", "p1 p4"],
    ["p:nth-child(2n)", "p2 p3"],
    ["p:nth-child(odd)", "p1 p4"],
    ["p:nth-child( -n + 2 )", "p1 p2 p4"],
    ["p:nth-of-type(3)", "p3"],
    ["p:nth-of-type(n+2)", "p2 p3"],
    ["i:first-of-type", "i1"],
    ["div:nth-of-type(2) p", "p4"],
    ["p:not(.a):not(#p1)", "p3 p4"],
    ["p:not(.a, [title])", "p1 p3"],
    ["div:not(.a) > :first-child", "p4"],
  ])("%s", async (selector, ids) => {
    expect(await idsOf(selector)).toBe(ids);
  });

  test.each([
    ["", "it is empty"],
    ["p,", ""],
    ["> p", "a combinator has nothing beside it"],
    ["p >", "a combinator has nothing beside it"],
    ["p + p", 'the combinator "adjacent" is not supported'],
    ["p ~ p", 'the combinator "sibling" is not supported'],
    ["p || p", 'the combinator "column-combinator" is not supported'],
    ["p:hover", ":hover is not supported"],
    ["p:last-child", ":last-child is not supported"],
    ["p:nth-child(2 of .a)", ":nth-child(2 of .a) is not supported"],
    ["p:nth-child(x)", ":nth-child(x) is not supported"],
    ["p:nth-child", ":nth-child is not supported"],
    ["p:is(.a)", ":is is not supported"],
    ["p:not(a b)", "combinators in :not() are not supported"],
    ["p::before", "::before is not supported"],
    ["svg|a", "namespaces are not supported"],
    ["[a|b]", "namespaces are not supported"],
    ["[a!=b]", "the operator != is not supported"],
    ["a!b", "it cannot be parsed"],
    ["[a", ""],
    ["p".repeat(4_097), "characters, allowed 4096"],
  ])("%j is refused when it is added", (selector, reason) => {
    expect(() => new HTMLRewriter().on(selector, {})).toThrow(TypeError);
    expect(() => new HTMLRewriter().on(selector, {})).toThrow(reason);
  });
});

describe("a transformed response", () => {
  test("has the status and headers of the given one, without its length", () => {
    const headers = { "content-length": "3", "content-type": "text/html", "x-a": "b" };
    const response = new HTMLRewriter().transform(new Response("abc", { status: 203, statusText: "N", headers }));
    expect([response.status, response.statusText, [...response.headers].toString()]).toEqual([
      203,
      "N",
      "content-type,text/html,x-a,b",
    ]);
  });

  test("uses the given one's body", async () => {
    const given = new Response("<p>");
    const response = new HTMLRewriter().transform(given);
    expect(await response.text()).toBe("<p>");
    expect(given.bodyUsed).toBe(true);
    expect(() => new HTMLRewriter().transform(given)).toThrow("body already used or locked");
  });

  test("has no body when there was none, and no handler is called", async () => {
    const response = new HTMLRewriter()
      .onDocument({
        end: () => {
          throw new Error("called");
        },
      })
      .transform(new Response(null, { status: 204 }));
    expect(response.body).toBe(null);
    expect(await response.text()).toBe("");
  });

  test("passes bytes that are no UTF-8 as they came", async () => {
    const bytes = new Uint8Array([0x3c, 0x70, 0x3e, 0xff, 0xc3, 0x28, 0xe2, 0x82, 0x3c, 0x2f, 0x70, 0x3e, 0xf0]);
    const seen: string[] = [];
    const rewriter = new HTMLRewriter().on("p", { text: ({ text }: { text: string }) => seen.push(text) });
    expect(Buffer.from(await rewriter.transform(new Response(bytes)).bytes())).toEqual(Buffer.from(bytes));
    expect(seen.join("")).toBe("\ufffd\ufffd(\ufffd");
  });

  test("reads nothing before it is read, and cancels what it reads from", async () => {
    const events: string[] = [];
    const source = new ReadableStream<Uint8Array>(
      {
        pull: (controller) => {
          events.push("pull");
          controller.enqueue(Buffer.from("<p>"));
        },
        cancel: (reason) => {
          events.push(`cancel ${String(reason)}`);
        },
      },
      { highWaterMark: 0 },
    );
    const response = new HTMLRewriter().transform(new Response(source));
    await Promise.resolve();
    expect(events).toEqual([]);
    const reader = response.body?.getReader();
    await reader?.read();
    await reader?.cancel("enough");
    expect(events).toEqual(["pull", "cancel enough"]);
  });

  test.each([
    [
      "throws",
      (error: Error) => () => {
        throw error;
      },
    ],
    [
      "rejects",
      (failure: Error) => async () => {
        await Promise.resolve();
        throw failure;
      },
    ],
  ])("breaks off with what a handler %s", async (_how, failing) => {
    const error = new Error("no");
    let reason: unknown = null;
    const source = new ReadableStream<Uint8Array>({
      pull: (controller) => {
        controller.enqueue(Buffer.from("<p>a</p>"));
      },
      cancel: (given) => {
        reason = given;
      },
    });
    const response = new HTMLRewriter().on("p", { element: failing(error) }).transform(new Response(source));
    await expect(response.text()).rejects.toBe(error);
    expect(reason).toBe(error);
  });

  test("breaks off with the error of the body it reads", async () => {
    const error = new Error("gone");
    const source = new ReadableStream<Uint8Array>({ pull: () => Promise.reject(error) });
    await expect(new HTMLRewriter().transform(new Response(source)).text()).rejects.toBe(error);
  });

  test("is not changed by handlers that are added later", async () => {
    const rewriter = new HTMLRewriter();
    const response = rewriter.transform(new Response("<p>"));
    rewriter.on("p", { element: (p: Element) => p.remove() });
    expect(await response.text()).toBe("<p>");
    expect(await rewriter.transform(new Response("<p>")).text()).toBe("");
  });
});

describe("what cannot be done is refused with a TypeError", () => {
  test.each<[string, (element: Element) => unknown]>([
    ["an attribute's name", (p) => p.setAttribute("a b", "")],
    ["an empty attribute's name", (p) => p.setAttribute("", "")],
    [
      "a tag's name",
      (p) => {
        p.tagName = "1";
      },
    ],
    [
      "a tag's name with a bracket",
      (p) => {
        p.tagName = "a>";
      },
    ],
    ["an end tag handler that is no function", (p) => p.onEndTag(1 as never)],
    ["content that is a symbol", (p) => p.before(Symbol() as never)],
    ["no content", (p) => (p.before as () => unknown)()],
    ["options that are none", (p) => p.before("", 1 as never)],
  ])("%s", async (_name, action) => {
    await expect(transformed("<p>", (rewriter) => rewriter.on("p", { element: action }))).rejects.toThrow(TypeError);
  });

  test("handlers and arguments of the wrong kind", () => {
    const rewriter = new HTMLRewriter();
    expect(() => rewriter.on("p", null as never)).toThrow(TypeError);
    expect(() => rewriter.on("p", { element: 1 })).toThrow("element is not a function");
    expect(() => rewriter.onDocument({ end: {} })).toThrow("end is not a function");
    expect(() => rewriter.transform({} as never)).toThrow("a Response is needed");
    expect(() => (rewriter.on as (selector: string) => unknown)("p")).toThrow(TypeError);
  });

  test("the end tag of an element that has none", async () => {
    const text = transformed("<br>", (rewriter) =>
      rewriter.on("br", { element: (br: Element) => br.onEndTag(() => undefined) }),
    );
    await expect(text).rejects.toThrow("<br> has no end tag");
  });

  test.each(["-->", "a--!>b", ">", "->", "a--!"])("a comment's text %j, which would end it", async (text) => {
    const response = transformed("<!--a-->", (rewriter) =>
      rewriter.onDocument({
        comments: (comment: { text: string }) => {
          comment.text = text;
        },
      }),
    );
    await expect(response).rejects.toThrow("it holds what ends a comment");
  });

  test("a token after its handler", async () => {
    const kept: Element[] = [];
    await transformed("<p>", (rewriter) => rewriter.on("p", { element: (p: Element) => kept.push(p) }));
    expect(() => kept[0]?.tagName).toThrow("no longer valid");
    expect(() => kept[0]?.remove()).toThrow(TypeError);
    const constructor = kept[0]?.constructor as new (state: unknown) => unknown;
    expect(() => new constructor({})).toThrow("Illegal constructor");
  });

  test("more handlers than allowed", () => {
    const rewriter = new HTMLRewriter();
    for (let i = 0; i < 1_000; i++) rewriter.on("p", {});
    expect(() => rewriter.on("p", {})).toThrow(RangeError);
  });
});

describe("hostile input", () => {
  test("100,000 open elements are refused, unclosed siblings within the bound are not", async () => {
    const rewrite = (rewriter: HTMLRewriter): unknown =>
      rewriter.on("div div > b", { element: (b: Element) => b.remove() });
    await expect(transformed("<div>".repeat(100_000), rewrite)).rejects.toThrow("more than 65536 elements are open");
    expect(await transformed("<li>".repeat(60_000), rewrite)).toBe("<li>".repeat(60_000));
  });

  test("end tags that end nothing cost no search", async () => {
    const html = "<div>".repeat(50_000) + "</x>".repeat(200_000);
    expect(await transformed(html, (rewriter) => rewriter.on("x", {}))).toBe(html);
  });

  test("an attribute that never ends is refused at its bound", async () => {
    const chunk = Buffer.from("a".repeat(100_000));
    const response = new Response(streamOf([Buffer.from("<p x='"), ...Array.from({ length: 12 }, () => chunk)]));
    await expect(new HTMLRewriter().transform(response).text()).rejects.toThrow("longer than allowed: 1048576 bytes");
  });

  test("100,000 attributes are looked through without squaring their number", async () => {
    const attributes = Array.from({ length: 100_000 }, (_, index) => `a${String(index)}`).join(" ");
    const html = `<p ${attributes}>`;
    const count = { value: 0 };
    await transformed(html, (rewriter) =>
      rewriter.on("p", {
        element: (p: Element) => {
          count.value = [...p.attributes].length;
        },
      }),
    );
    expect(count.value).toBe(100_000);
  });
});
