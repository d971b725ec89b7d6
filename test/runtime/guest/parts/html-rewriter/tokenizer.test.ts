/** The tokenizer agrees with parse5's, which passes the standard's own tests, on scenarios and on random soup, however the input is cut. */
import { Tokenizer as Reference, TokenizerMode, type Token } from "parse5";
import { describe, expect, test } from "vitest";
import { attributeField } from "../../../../../runtime/guest/parts/html-rewriter/tag-scanner.ts";
import { Tokenizer, type TextMode } from "../../../../../runtime/guest/parts/html-rewriter/tokenizer.ts";
import { soup } from "./soup.ts";

const { DATA, RCDATA, RAWTEXT, SCRIPT_DATA, PLAINTEXT } = TokenizerMode;

/** Element → how its text is read, in both tokenizers. */
const textModes: Readonly<
  Record<string, readonly [TextMode, typeof RCDATA | typeof RAWTEXT | typeof SCRIPT_DATA | typeof PLAINTEXT]>
> = {
  title: ["rcdata", RCDATA],
  textarea: ["rcdata", RCDATA],
  style: ["rawtext", RAWTEXT],
  script: ["script", SCRIPT_DATA],
  plaintext: ["plaintext", PLAINTEXT],
};

interface Options {
  readonly isForeign?: boolean;
}

/** Tokens as lines; neighbouring texts are one. */
function ours(chunks: readonly Uint8Array[], { isForeign = false }: Options = {}): string[] {
  const lines = new Lines();
  const tokenizer = new Tokenizer();
  tokenizer.isCdataAllowed = isForeign;
  let passed = "";
  const take = (): void => {
    for (let kind = tokenizer.next(); kind !== null; kind = tokenizer.next()) {
      const slice = (from: number, to: number): string =>
        Buffer.from(tokenizer.bytes.subarray(tokenizer.start + from, tokenizer.start + to)).toString();
      const raw = slice(0, tokenizer.end - tokenizer.start);
      passed += raw;
      const { tag } = tokenizer;
      switch (kind) {
        case "text":
          lines.text(raw);
          break;
        case "comment":
          lines.add(`comment ${slice(tokenizer.commentStart, tokenizer.commentEnd)}`);
          break;
        case "startTag": {
          const name = slice(tag.nameStart, tag.nameEnd).toLowerCase();
          lines.add(startTagLine(name, tag.attributes, { slice, isSelfClosing: tag.isSelfClosing }));
          const mode = textModes[name]?.[0];
          if (mode !== undefined) tokenizer.enterText(mode, name);
          break;
        }
        case "endTag":
          lines.add(`end ${slice(tag.nameStart, tag.nameEnd).toLowerCase()}`);
          break;
        case "doctype":
          lines.add("doctype");
          break;
        case "skipped":
          break;
      }
    }
  };
  for (const chunk of chunks) {
    tokenizer.push(chunk);
    take();
  }
  tokenizer.finish();
  take();
  if (passed !== Buffer.concat(chunks).toString()) lines.add("bytes were lost");
  return lines.all;
}

function startTagLine(
  name: string,
  attributes: readonly number[],
  { slice, isSelfClosing }: { readonly slice: (from: number, to: number) => string; readonly isSelfClosing: boolean },
): string {
  const seen = new Set<string>();
  let line = `start ${name}`;
  for (let i = 0; i < attributes.length; i += attributeField.size) {
    const [nameStart = 0, nameEnd = 0, valueStart = 0, valueEnd = 0] = attributes.slice(i);
    const attribute = slice(nameStart, nameEnd).replace(/[A-Z]/g, (letter) => letter.toLowerCase());
    if (seen.has(attribute)) continue;
    seen.add(attribute);
    line += ` [${attribute}]=[${slice(valueStart, valueEnd)}]`;
  }
  return isSelfClosing ? `${line} /` : line;
}

function reference(html: string, { isForeign = false }: Options = {}): string[] {
  const lines = new Lines();
  const onText = ({ chars }: Token.CharacterToken): void => {
    lines.text(chars);
  };
  const tokenizer = new Reference(
    {},
    {
      onCharacter: onText,
      onNullCharacter: onText,
      onWhitespaceCharacter: onText,
      onComment: ({ data }) => {
        lines.add(`comment ${data}`);
      },
      onDoctype: () => {
        lines.add("doctype");
      },
      onEof: () => undefined,
      onStartTag: ({ tagName, attrs, selfClosing }) => {
        const shown = attrs.map(({ name, value }) => ` [${name}]=[${value}]`).join("");
        lines.add(`start ${tagName}${shown}${selfClosing ? " /" : ""}`);
        const mode = textModes[tagName]?.[1];
        if (mode !== undefined) tokenizer.state = mode;
      },
      onEndTag: ({ tagName }) => {
        lines.add(`end ${tagName}`);
        tokenizer.state = DATA;
      },
    },
  );
  tokenizer.inForeignNode = isForeign;
  tokenizer.write(html, true);
  return lines.all;
}

class Lines {
  readonly all: string[] = [];
  #isText = false;

  add(line: string): void {
    this.all.push(line);
    this.#isText = false;
  }
  text(text: string): void {
    if (this.#isText) this.all[this.all.length - 1] += text;
    else this.all.push(`text ${text}`);
    this.#isText = true;
  }
}

/** The whole input, its single bytes, and every cut in two whose tokens are not the reference's. */
function differences(html: string, options: Options = {}): string[] {
  const bytes = Buffer.from(html);
  const expected = reference(html, options).join("\n");
  const cuts: (readonly Uint8Array[])[] = [[bytes], [...bytes].map((value) => new Uint8Array([value]))];
  for (let at = 1; at < bytes.length; at++) cuts.push([bytes.subarray(0, at), bytes.subarray(at)]);
  return cuts.flatMap((chunks) => {
    const tokens = ours(chunks, options).join("\n");
    if (tokens === expected) return [];
    return [`${JSON.stringify(html)} in ${chunks.map(({ length }) => length).join("+")}:\n${tokens}\nnot\n${expected}`];
  });
}

const scenarios: readonly string[] = [
  "",
  "plain é€😀 text",
  "<p>a</p>",
  '<A HREF=x b="1>2" c=\'"\' d = e f=g/ h>t</A b=">">u',
  "<a/b/c=d//e ><br/><br / ><hr/ x>",
  "<a =b =><a b=><a b= ><a b='' c=\"\"d e='x'f><a b==c><a b<c=d'e><a a=1 A=2>",
  "a < b <> <3 </> </ x> </3> <? php ?> <!x> <!> <!- -> <!-",
  "<!--><!---><!----><!--a--><!-- a -- b --><!--a--!>b<!--!><!---!><!----!>--><!-- <!-- -->x<!--a--->",
  "<!-- <!--> x --> y",
  "<!DOCTYPE html><!doctype html PUBLIC \"a>b\"><!doctype><!doctyp><!DocType x y='z'>",
  "<![CDATA[ a > b ]]> c",
  "<title>a<b></titl></title ></TITLE x=y>b",
  "<textarea></textarea/><style>a<b></style>c",
  "<script>if (a < b) '</scr' + '</scriptx>'</script>x",
  "<script><!-- <script> </script> --> </script>x",
  "<script><!-- <script> </script> x </script>y</script>",
  "<script><!--<script></script></script>",
  "<script><!--><script></script>--></script>z",
  "<script><!--- a - -- -> <!-- </script>z",
  "<script><!-- <scriptx></script>z",
  "<script><!-- <script </script <script/</script>--></script>z",
  "<plaintext><b></plaintext>",
  "<p>unclosed <b",
  "<p unclosed='",
  "<!-- unclosed --",
  "<!-- unclosed --!",
  "<!-- unclosed -",
  "<!doctype unclosed",
  "<title>unclosed</title",
  "text <",
  "text </",
  "\u001cp> <\u001fdiv> <\u00e9> <p\u00e9 \u00e9=\u00e9>",
  "<p\f\t\n a\n=\n'b\n'>",
];

describe("the tokenizer agrees with the reference on", () => {
  test.each(scenarios)("%j", (html) => {
    expect(differences(html)).toEqual([]);
  });

  test.each(["<![CDATA[a<b>]]>c", "<![CDATA[]]]]>]>]]]>d", "<![CDATA[ unclosed ]]", "<![cdata[x]]>", "<![CDATA[é]]>"])(
    "%j in SVG",
    (html) => {
      expect(differences(html, { isForeign: true })).toEqual([]);
    },
  );

  test("random soup, read as HTML and as SVG", () => {
    const found: string[] = [];
    for (const html of soup(1_500)) found.push(...differences(html), ...differences(html, { isForeign: true }));
    expect(found).toEqual([]);
  });
});

test("a token that does not end is refused at its bound, text of any length is not", () => {
  const tokenizer = new Tokenizer();
  const chunk = Buffer.from("a".repeat(65_536));
  const feed = (first: string): void => {
    tokenizer.push(Buffer.from(first));
    for (let i = 0; i < 40; i++) {
      tokenizer.push(chunk);
      while (tokenizer.next() !== null);
    }
  };
  expect(() => {
    feed("text ");
  }).not.toThrow();
  expect(() => {
    feed("<a b='");
  }).toThrow(new RangeError("Cannot transform HTML: a tag, comment or doctype is longer than allowed: 1048576 bytes"));
});
