/** What sdk/globals-html-rewriter.d.ts declares of what handlers get is exactly what they get. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { Comment } from "../../../../../runtime/guest/parts/html-rewriter/comment.ts";
import { Doctype, DocumentEnd } from "../../../../../runtime/guest/parts/html-rewriter/document-tokens.ts";
import { Element } from "../../../../../runtime/guest/parts/html-rewriter/element.ts";
import { EndTag } from "../../../../../runtime/guest/parts/html-rewriter/end-tag.ts";
import { Text } from "../../../../../runtime/guest/parts/html-rewriter/text-chunk.ts";

const declarations = readFileSync(new URL("../../../../../sdk/globals-html-rewriter.d.ts", import.meta.url), "utf8");

test.each(Object.entries({ Comment, Doctype, DocumentEnd, Element, EndTag, Text }))(
  "%s has the declared members, and which of them can be set is declared",
  (name, { prototype }) => {
    const body = new RegExp(`^interface ${name} \\{\\n([^]*?)^\\}`, "m").exec(declarations)?.[1] ?? "";
    const declared = [...body.matchAll(/^ {2}(readonly )?(\w+)(\(|:)/gm)].map(
      ([, readOnly, member = "", kind]) => `${member} ${kind === "(" ? "method" : (readOnly ?? "settable").trim()}`,
    );
    const actual = Object.entries(Object.getOwnPropertyDescriptors(prototype))
      .filter(([member]) => member !== "constructor")
      .map(([member, descriptor]) => {
        const kind = descriptor.set === undefined ? "readonly" : "settable";
        return `${member} ${descriptor.get === undefined ? "method" : kind}`;
      });
    expect(declared.toSorted()).toEqual(actual.toSorted());
  },
);
