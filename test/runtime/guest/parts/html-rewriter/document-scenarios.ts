/** Scenarios of text, comment and document handlers. See element-scenarios.ts. */
import type { Comment } from "../../../../../runtime/guest/parts/html-rewriter/comment.ts";
import type { Doctype, DocumentEnd } from "../../../../../runtime/guest/parts/html-rewriter/document-tokens.ts";
import type { Element } from "../../../../../runtime/guest/parts/html-rewriter/element.ts";
import type { Text } from "../../../../../runtime/guest/parts/html-rewriter/text-chunk.ts";
import type { Scenario } from "./element-scenarios.ts";

const html = { html: true };

/** Joins the texts of a node. */
function joined(seen: (what: string) => void): (chunk: Text) => void {
  let text = "";
  return (chunk) => {
    text += chunk.text;
    if (!chunk.lastInTextNode) return;
    seen(text);
    text = "";
  };
}

const texts: readonly Scenario[] = [
  {
    name: "text comes in chunks, the last of a node empty, character references as written",
    input: "<p>a&amp;é€😀<b>c</b> d</p>e",
    output: "<p>a&amp;é€😀<b>c</b> d</p>e",
    seen: ["a&amp;é€😀", "c", " d"],
    rewrite: (rewriter, seen) => rewriter.on("p", { text: joined(seen) }),
  },
  {
    name: "text can be replaced as a whole when its last chunk comes",
    input: "<p>one<b>two</b></p>three",
    output: "<p>ONE<b>TWO</b></p>three",
    rewrite: (rewriter) => {
      let text = "";
      return rewriter.on("p", {
        text: (chunk: Text) => {
          text += chunk.text;
          if (chunk.lastInTextNode) {
            chunk.replace(text.toUpperCase());
            text = "";
          } else chunk.remove();
        },
      });
    },
  },
  {
    name: "content can stand around the end of a text node",
    input: "<p>a</p><p></p>",
    output: "<p>a[1]</p><p></p>",
    rewrite: (rewriter) =>
      rewriter.on("p", {
        text: (chunk: Text) => {
          if (chunk.lastInTextNode) chunk.before("[").after("]").replace("1");
        },
      }),
  },
  {
    name: "scripts, styles, titles and textareas hold text alone",
    input:
      "<title><p>&lt;</title><style><p></style><script>'<p>'</script><textarea><p></textarea><p>x</p><noscript><p></noscript>",
    output:
      "<title><p>&lt;</title><style><p></style><script>'<p>'</script><textarea><p></textarea><p>x</p>!<noscript><p></noscript>",
    seen: ["<p>&lt;", "<p>", "'<p>'", "<p>", "x", "<p>"],
    rewrite: (rewriter, seen) =>
      rewriter.on("*", { text: joined(seen) }).on("p", { element: (p: Element) => p.after("!") }),
  },
  {
    name: "CDATA is text in SVG and a comment in HTML",
    input: "<svg><![CDATA[a<b>]]></svg><p><![CDATA[a<b>]]></p>",
    output: "<svg><![CDATA[a<b>]]></svg><p><![CDATA[a<b>]]></p>",
    seen: ["a<b>", "comment [CDATA[a<b", "]]>"],
    rewrite: (rewriter, seen) =>
      rewriter.on("svg, p", {
        text: joined(seen),
        comments: ({ text }: Comment) => {
          seen(`comment ${text}`);
        },
      }),
  },
  {
    name: "plaintext never ends",
    input: "<plaintext><p>a</plaintext><p>",
    output: "<plaintext><p>a</plaintext><p>",
    seen: ["<p>a</plaintext><p>"],
    rewrite: (rewriter, seen) =>
      rewriter.on("*", { text: joined(seen) }).on("p", { element: (p: Element) => p.remove() }),
  },
];

const documents: readonly Scenario[] = [
  {
    name: "the document's handlers see the doctype, all comments and texts, and the end",
    input: "<!DOCTYPE HTML PUBLIC \"-//W3C//DTD\" 'sys'>a<!--b--><p>c</p>",
    output: "<!DOCTYPE HTML PUBLIC \"-//W3C//DTD\" 'sys'>a<!--b--><p>c</p>&lt;end&gt;<hr>",
    seen: ["doctype html -//W3C//DTD sys", "a", "comment b", "c"],
    rewrite: (rewriter, seen) =>
      rewriter.onDocument({
        doctype: ({ name, publicId, systemId }: Doctype) => {
          seen(`doctype ${String(name)} ${String(publicId)} ${String(systemId)}`);
        },
        comments: ({ text }: Comment) => {
          seen(`comment ${text}`);
        },
        text: joined(seen),
        end: (end: DocumentEnd) => end.append("<end>").append("<hr>", html),
      }),
  },
  {
    name: "a doctype may lack its identifiers or its name",
    input: "<!doctype html><!doctype x system 'y'><!doctype>",
    output: "<!doctype html><!doctype x system 'y'><!doctype>",
    seen: ["html null null", "x null y", "null null null"],
    rewrite: (rewriter, seen) =>
      rewriter.onDocument({
        doctype: ({ name, publicId, systemId }: Doctype) => {
          seen(`${String(name)} ${String(publicId)} ${String(systemId)}`);
        },
      }),
  },
  {
    name: "comments can be changed, removed, replaced and surrounded",
    input: "<!--a--><!--b--><!--c--><!--d-->",
    output: "<!--A-->1<hr>2x<!--d-->y",
    seen: ["a A", "true"],
    rewrite: (rewriter, seen) =>
      rewriter.onDocument({
        comments: (comment: Comment) => {
          const { text } = comment;
          if (text === "a") {
            comment.text = "A";
            seen(`a ${comment.text}`);
          } else if (text === "b") seen(String(comment.before("1").remove().removed));
          else if (text === "c") comment.replace("<hr>", html).after("2");
          else comment.before("x").after("y");
        },
      }),
  },
  {
    name: "comment handlers of a selector see the comments inside what it matches",
    input: "<!--a--><div><!--b--><p><!--c--></p></div><!--d-->",
    output: "<!--a--><div><p></p></div><!--d-->",
    rewrite: (rewriter) => rewriter.on("div", { comments: (comment: Comment) => comment.remove() }),
  },
  {
    name: "handlers are called in order: those of selectors as they were added, then the document's, each awaited",
    input: "<p>x</p>",
    output: "1234<p>x</p>",
    seen: ["text 1", "text 2", "text 0", "text 1", "text 2", "text 0"],
    rewrite: (rewriter, seen) =>
      rewriter
        .on("p", {
          element: async (p: Element) => {
            p.before("1");
            await new Promise((resolve) => {
              setTimeout(resolve, 1);
            });
            p.before("2");
          },
          text: async () => {
            await Promise.resolve();
            seen("text 1");
          },
        })
        .onDocument({
          text: () => {
            seen("text 0");
          },
        })
        .on("*", {
          element: (p: Element) => p.before("3"),
          text: () => {
            seen("text 2");
          },
        })
        .on("p", { element: (p: Element) => p.before("4") }),
  },
];

export const documentScenarios: readonly Scenario[] = [...texts, ...documents];
