/** Documents, element handlers and what comes out, as data: what each of HTMLRewriter's promises means in bytes. */
import type { HTMLRewriter } from "../../../../../runtime/guest/parts/html-rewriter/html-rewriter.ts";
import type { Element } from "../../../../../runtime/guest/parts/html-rewriter/element.ts";
import type { EndTag } from "../../../../../runtime/guest/parts/html-rewriter/end-tag.ts";

export interface Scenario {
  readonly name: string;
  readonly input: string;
  readonly output: string;
  /** `seen` collects what handlers were told. */
  readonly rewrite: (rewriter: HTMLRewriter, seen: (what: string) => void) => unknown;
  /** In order; nothing when left out. */
  readonly seen?: readonly string[];
}

const html = { html: true };

const insertions: readonly Scenario[] = [
  {
    name: "nothing changes without handlers",
    input: "<!doctype html>\r\n<P CLASS = a  id='b'>x &amp; y<br/>\0</p >\ufeff<!--c--><? d ?></>",
    output: "<!doctype html>\r\n<P CLASS = a  id='b'>x &amp; y<br/>\0</p >\ufeff<!--c--><? d ?></>",
    rewrite: (rewriter) => rewriter,
  },
  {
    name: "handlers that change nothing leave every byte",
    input: "<P CLASS = a  id='b'>x &amp; y</p ><!--c--><? d ?>",
    output: "<P CLASS = a  id='b'>x &amp; y</p ><!--c--><? d ?>",
    rewrite: (rewriter) =>
      rewriter.on("*", { element: () => undefined, text: () => undefined, comments: () => undefined }),
  },
  {
    name: "content stands in the order of the calls: before and append as called, after and prepend the other way round",
    input: "<p>x</p>",
    output: "12<p>43x56</p>87",
    rewrite: (rewriter) =>
      rewriter.on("p", {
        element: (p: Element) =>
          p.before("1").before("2").prepend("3").prepend("4").append("5").append("6").after("7").after("8"),
      }),
  },
  {
    name: "content is escaped unless it is HTML",
    input: "<p></p>",
    output: '&lt;b title="\'"&gt;&amp;<b>&</b><p></p>',
    rewrite: (rewriter) =>
      rewriter.on("p", { element: (p: Element) => p.before(`<b title="'">&`).before("<b>&</b>", html) }),
  },
  {
    name: "lone surrogates in content become U+FFFD",
    input: "<p></p>",
    output: 'a\ufffdb😀<p x="\ufffd"></p>',
    rewrite: (rewriter) =>
      rewriter.on("p", { element: (p: Element) => p.before("a\ud800b😀").setAttribute("x", "\udc00") }),
  },
  {
    name: "setInnerContent replaces what is inside, later prepend and append stay around it",
    input: "<div>a<p>b</p>c</div>d",
    output: "<div>1<i>2</i>3</div>d",
    rewrite: (rewriter) =>
      rewriter.on("div", {
        element: (div: Element) =>
          div.prepend("lost").append("lost").setInnerContent("<i>2</i>", html).prepend("1").append("3"),
      }),
  },
  {
    name: "replace takes the whole element away, around it before and after stay",
    input: "a<div>b<p>c</p></div>d",
    output: "a1<hr>2d",
    rewrite: (rewriter) =>
      rewriter.on("div", { element: (div: Element) => div.before("1").after("2").replace("<hr>", html) }),
  },
  {
    name: "remove takes the whole element away, also one inside another of its name",
    input: "a<div>b<div>c</div>d</div>e",
    output: "ae",
    rewrite: (rewriter) => rewriter.on("div", { element: (div: Element) => div.remove() }),
  },
  {
    name: "removeAndKeepContent takes the tags alone",
    input: "a<b><i>c</i></b>d",
    output: "a1<i>c</i>2d",
    rewrite: (rewriter) =>
      rewriter.on("b", { element: (b: Element) => b.removeAndKeepContent().prepend("1").append("2") }),
  },
  {
    name: "handlers still see what is inside a removed element",
    input: "<div><p>x</p></div>",
    output: "",
    seen: ["removed true", "p true"],
    rewrite: (rewriter, seen) =>
      rewriter
        .on("div", {
          element: (div: Element) => {
            div.remove();
            seen(`removed ${String(div.removed)}`);
          },
        })
        .on("p", {
          element: (p: Element) => {
            seen(`p ${String(p.removed)}`);
            p.before("no").after("no").append("no");
          },
        }),
  },
  {
    name: "void elements take content around them and none inside",
    input: "<img><br/><input>",
    output: "<img>1<br/>1<input>1",
    rewrite: (rewriter) =>
      rewriter.on("img, br, input", {
        element: (element: Element) => element.after("1").append("no").prepend("no").setInnerContent("no"),
      }),
  },
  {
    name: "unclosed elements end where an element around them ends, or the document",
    input: "<ul><li>a<li>b</ul><p>c",
    output: "<ul><li>a<li>b.;.;</ul><p>c.;",
    rewrite: (rewriter) => rewriter.on("li, p", { element: (element: Element) => element.append(".").after(";") }),
  },
  {
    name: "an unclosed element that is removed takes everything to the end of the one around it",
    input: "<div>a<b>c<i>d</i></div>e<b>f",
    output: "<div>a</div>e",
    rewrite: (rewriter) => rewriter.on("b", { element: (b: Element) => b.remove() }),
  },
  {
    name: "end tags that end nothing are passed on",
    input: "</p><b></i></b></b>",
    output: "</p><b></i>1</b></b>",
    rewrite: (rewriter) => rewriter.on("b", { element: (b: Element) => b.append("1") }),
  },
];

const tags: readonly Scenario[] = [
  {
    name: "a changed tag keeps the attributes that were not changed as they were written",
    input: "<A  Href = 'x' b c=d e=\"f\">",
    output: '<A Href = \'x\' c="1&quot;2\'<>&" e="f" g="">',
    rewrite: (rewriter) =>
      rewriter.on("a", {
        element: (a: Element) => a.removeAttribute("B").setAttribute("C", "1\"2'<>&").setAttribute("g", ""),
      }),
  },
  {
    name: "a changed self-closing tag stays one",
    input: "<br/><br a=b/ ><img/>",
    output: '<br x="" /><br a=b/ x=""><img/>',
    rewrite: (rewriter) => rewriter.on("br", { element: (br: Element) => br.setAttribute("x", "") }),
  },
  {
    name: "attributes are told in lower case, in order, the first of a name, as they stand in the source",
    input: "<p A=1 b='&amp;\"' a=2 É=x c>",
    output: "<p A=1 b='&amp;\"' a=2 É=x c>",
    seen: ['a=1 b=&amp;" É=x c=', "1 null true false"],
    rewrite: (rewriter, seen) =>
      rewriter.on("p", {
        element: (p: Element) => {
          seen([...p.attributes].map(([name, value]) => `${name}=${value}`).join(" "));
          seen(
            [p.getAttribute("A"), p.getAttribute("x"), p.hasAttribute("c"), p.hasAttribute("d")]
              .join(" ")
              .replace("  ", " null "),
          );
        },
      }),
  },
  {
    name: "tagName renames both tags",
    input: "<H1 id=a>x</H1><h1>y",
    output: "<h2 id=a>x</h2><h2>y",
    seen: ["h1 h2", "h1 h2"],
    rewrite: (rewriter, seen) =>
      rewriter.on("h1", {
        element: (h1: Element) => {
          const before = h1.tagName;
          h1.tagName = "h2";
          seen(`${before} ${h1.tagName}`);
        },
      }),
  },
  {
    name: "namespaces follow SVG and MathML, their integration points and what breaks out of them",
    input:
      "<svg><path/><foreignObject><p></p></foreignObject><title><b></b></title></svg><math><mi><i></i></mi><mglyph></math><svg><g><div></div>",
    output:
      "<svg><path/><foreignObject><p></p></foreignObject><title><b></b></title></svg><math><mi><i></i></mi><mglyph></math><svg><g><div></div>",
    seen: [
      "svg 2000/svg",
      "path 2000/svg",
      "foreignobject 2000/svg",
      "p 1999/xhtml",
      "title 2000/svg",
      "b 1999/xhtml",
      "math 1998/Math/MathML",
      "mi 1998/Math/MathML",
      "i 1999/xhtml",
      "mglyph 1998/Math/MathML",
      "svg 2000/svg",
      "g 2000/svg",
      "div 1999/xhtml",
    ],
    rewrite: (rewriter, seen) =>
      rewriter.on("*", {
        element: ({ tagName, namespaceURI }: Element) => {
          seen(`${tagName} ${namespaceURI.slice("http://www.w3.org/".length)}`);
        },
      }),
  },
  {
    name: "a self-closing tag ends an element in SVG, and means nothing in HTML",
    input: "<svg><g/>a</svg><div/>b",
    output: "<svg><g/>1a</svg><div/>b1",
    rewrite: (rewriter) => rewriter.on("g, div", { element: (element: Element) => element.after("1") }),
  },
  {
    name: "end tag handlers can change the end tag and its surroundings",
    input: "<p>a</p><b>c</b><i>d</i>",
    output: "<p>a12</p>43<b>c</x><i>d",
    seen: ["p", "i"],
    rewrite: (rewriter, seen) =>
      rewriter
        .on("p", {
          element: (p: Element) =>
            p
              .append("1")
              .after("3")
              .onEndTag((end: EndTag) => {
                seen(end.name);
                end.before("2").after("4");
              }),
        })
        .on("b", {
          element: (b: Element) =>
            b.onEndTag((end: EndTag) => {
              end.name = "x";
            }),
        })
        .on("i", {
          element: (i: Element) =>
            i.onEndTag(async (end: EndTag) => {
              await Promise.resolve();
              seen(end.name);
              end.remove();
            }),
        }),
  },
  {
    name: "an end tag handler is not called when there is no end tag",
    input: "<ul><li>a</ul>",
    output: "<ul><li>a</ul>",
    seen: [],
    rewrite: (rewriter, seen) =>
      rewriter.on("li", {
        element: (li: Element) =>
          li.onEndTag(() => {
            seen("called");
          }),
      }),
  },
];

export const elementScenarios: readonly Scenario[] = [...insertions, ...tags];
