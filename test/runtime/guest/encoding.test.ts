import { beforeAll, describe, expect, test } from "vitest";
import { coreModules } from "../../../runtime/guest/parts/core-modules.ts";
import { connectPartSources, shareCoreModules } from "../../../runtime/guest/parts/load-part.ts";
import { atob, btoa } from "../../../runtime/guest/web/encoding/base64.ts";
import { TextDecoder } from "../../../runtime/guest/web/encoding/text-decoder.ts";
import { TextEncoder } from "../../../runtime/guest/web/encoding/text-encoder.ts";
import { TextDecoderStream, TextEncoderStream } from "../../../runtime/guest/parts/streams/main.ts";
import { ReadableStream } from "../../../runtime/guest/parts/streams/main.ts";
import { guestCode } from "../guest-code.ts";
import { collect } from "./collect.ts";
import { provideParts } from "./provide-parts.ts";

provideParts();

beforeAll(async () => {
  const { parts } = await guestCode();
  shareCoreModules(coreModules);
  connectPartSources((name) => parts.get(name) ?? "");
});

const texts = [
  "",
  "plain",
  "é",
  "€uro",
  "😀",
  "a\ud800b",
  "\udc00",
  "\ud83d",
  "x\ufeffy",
  "\ufeffbom",
  "漢字とかな".repeat(1000),
  `${"a".repeat(5000)}é${"😀".repeat(3000)}`,
];

describe("TextEncoder", () => {
  test.each(texts.map((text) => [text]))("encodes as Node does: %j", (text) => {
    expect(new TextEncoder().encode(text)).toEqual(new globalThis.TextEncoder().encode(text));
  });

  test("encodeInto writes whole characters only", () => {
    for (let size = 0; size < 12; size++) {
      const ours = new Uint8Array(size);
      const node = new Uint8Array(size);
      const result = new TextEncoder().encodeInto("aé€😀b", ours);
      expect(result).toEqual(new globalThis.TextEncoder().encodeInto("aé€😀b", node));
      expect(ours).toEqual(node);
    }
  });

  test("encodeInto refuses what is not a Uint8Array", () => {
    expect(() => new TextEncoder().encodeInto("a", new Uint16Array(1) as never)).toThrow(TypeError);
  });
});

/** Every combination of bytes that matter to UTF-8: lead, trail, borders, ASCII. */
function* byteSequences(): Generator<Uint8Array<ArrayBuffer>> {
  const bytes = [0x41, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc2, 0xe0, 0xed, 0xef, 0xf0, 0xf4, 0xf5, 0xff];
  for (const a of bytes) {
    for (const b of bytes) {
      for (const c of bytes) {
        for (const d of [0x41, 0x80, 0xbf, 0xe2]) yield new Uint8Array([a, b, c, d]);
      }
    }
  }
}

describe("TextDecoder", () => {
  test("replaces ill-formed UTF-8 as Node does", () => {
    const ours = new TextDecoder();
    const node = new globalThis.TextDecoder();
    for (const bytes of byteSequences()) expect(ours.decode(bytes)).toBe(node.decode(bytes));
  });

  test("fatal throws a TypeError exactly where Node does", () => {
    const ours = new TextDecoder("utf-8", { fatal: true });
    const node = new globalThis.TextDecoder("utf-8", { fatal: true });
    for (const bytes of byteSequences()) expect(decodes(ours, bytes)).toBe(decodes(node, bytes));
  });

  test.each([["utf-8"], ["utf-16le"], ["utf-16be"]])("chunks of %s may be cut anywhere", (label) => {
    const bytes = new Uint8Array([
      0xef, 0xbb, 0xbf, 0x61, 0xe2, 0x82, 0xac, 0xf0, 0x9f, 0x98, 0x80, 0xd8, 0x3d, 0xdc, 0x00, 0xe2,
    ]);
    const whole = new globalThis.TextDecoder(label).decode(bytes);
    for (let cut = 0; cut <= bytes.length; cut++) {
      for (let second = cut; second <= bytes.length; second++) {
        const decoder = new TextDecoder(label);
        const parts = [bytes.subarray(0, cut), bytes.subarray(cut, second), bytes.subarray(second)];
        const text = parts.map((part) => decoder.decode(part, { stream: true })).join("") + decoder.decode();
        expect(text).toBe(whole);
      }
    }
  });

  test.each([["latin1"], ["windows-1252"], [" ISO-8859-1\n"], ["utf8"], ["utf-16"], ["ucs-2"], ["unicodefffe"]])(
    "the label %j gives what Node gives",
    (label) => {
      const bytes = Uint8Array.from({ length: 256 }, (_, index) => index);
      const node = new globalThis.TextDecoder(label);
      expect(new TextDecoder(label).encoding).toBe(node.encoding);
      expect(new TextDecoder(label).decode(bytes)).toBe(node.decode(bytes));
    },
  );

  test("ignoreBOM keeps the byte order mark", () => {
    const bytes = new Uint8Array([0xef, 0xbb, 0xbf, 0x61]);
    expect(new TextDecoder().decode(bytes)).toBe("a");
    expect(new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes)).toBe("\ufeffa");
  });

  test("unknown labels are a RangeError, other inputs a TypeError", () => {
    for (const label of ["nonsense", "", "iso-8859-0", "replacement", "hz-gb-2312", "utf-7", "\u0130so-8859-2"]) {
      expect(() => new TextDecoder(label)).toThrow(RangeError);
    }
    expect(() => new TextDecoder().decode("text" as never)).toThrow(TypeError);
  });
});

function decodes(decoder: { decode(input: Uint8Array<ArrayBuffer>): string }, bytes: Uint8Array<ArrayBuffer>): string {
  try {
    return decoder.decode(bytes);
  } catch (error) {
    return (error as Error).name;
  }
}

describe("text streams", () => {
  test("a pair cut in two is put together again", async () => {
    const encoded = ReadableStream.from(["a\ud83d", "\ude00b\ud83d"]).pipeThrough(new TextEncoderStream());
    const decoded = encoded.pipeThrough(new TextDecoderStream());
    expect((await collect(decoded)).join("")).toBe("a😀b\ufffd");
  });

  test("bytes of one character in two chunks", async () => {
    const chunks = [new Uint8Array([0xe2, 0x82]), new Uint8Array([0xac])];
    const decoded = ReadableStream.from(chunks).pipeThrough(new TextDecoderStream());
    expect((await collect(decoded)).join("")).toBe("€");
  });
});

describe("base64", () => {
  test("round trip of every byte, as Node has it", () => {
    const data = Array.from({ length: 256 }, (_, code) => String.fromCharCode(code)).join("");
    for (const text of ["", "a", "ab", "abc", data]) {
      expect(btoa(text)).toBe(globalThis.btoa(text));
      expect(atob(btoa(text))).toBe(text);
    }
  });

  test.each([["YQ"], ["YQ=="], [" Y Q = = "], ["YWI"], ["YWJj\n"], ["/+=="]])("atob(%j) as Node has it", (text) => {
    expect(atob(text)).toBe(globalThis.atob(text));
  });

  test.each([["Y"], ["YQ="], ["YQ==="], ["Y=Q="], ["-_"], ["YQ==YQ=="]])("atob(%j) is refused", (text) => {
    expect(() => atob(text)).toThrow(expect.objectContaining({ name: "InvalidCharacterError" }));
  });

  test("atob of every length, with every character in every place, is what Node makes of it", () => {
    const outcomeOf = (decode: (text: string) => string, text: string): string => {
      try {
        return decode(text);
      } catch (error) {
        return (error as Error).name;
      }
    };
    const base = "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVo0123456789+/";
    for (let length = 0; length < base.length; length += 1) {
      const text = base.slice(0, length);
      expect(outcomeOf(atob, text)).toBe(outcomeOf(globalThis.atob, text));
    }
    for (let code = 0; code < 0x180; code += 1) {
      for (let at = 0; at < 7; at += 1) {
        const text = `${base.slice(0, at)}${String.fromCharCode(code)}${base.slice(at + 1, 7)}`;
        expect(outcomeOf(atob, text)).toBe(outcomeOf(globalThis.atob, text));
      }
    }
  });

  test("btoa refuses characters beyond U+00FF", () => {
    expect(() => btoa("€")).toThrow(expect.objectContaining({ name: "InvalidCharacterError", code: 5 }));
  });
});

describe("TextDecoder of legacy encodings", () => {
  /** Text in each encoding, from its index in the Encoding standard. */
  const samples: readonly (readonly [label: string, name: string, bytes: readonly number[], text: string])[] = [
    [" Latin2\n", "iso-8859-2", [0xb1, 0xe8], "ąč"],
    ["cp866", "ibm866", [0x8f, 0xe0], "Пр"],
    ["koi8-r", "koi8-r", [0xf0, 0xd2], "Пр"],
    ["cp1251", "windows-1251", [0xcf, 0xf0, 0x98], "Пр\u0098"],
    ["sjis", "shift_jis", [0x93, 0xfa, 0x96, 0x7b, 0xb1], "日本ｱ"],
    ["euc-jp", "euc-jp", [0xc6, 0xfc, 0xcb, 0xdc], "日本"],
    ["iso-2022-jp", "iso-2022-jp", [0x1b, 0x24, 0x42, 0x46, 0x7c, 0x1b, 0x28, 0x42, 0x41], "日A"],
    ["gb2312", "gbk", [0xc4, 0xe3, 0xba, 0xc3, 0x80], "你好€"],
    ["gb18030", "gb18030", [0xc4, 0xe3, 0x90, 0x30, 0x81, 0x30], "你\u{10000}"],
    ["big5", "big5", [0xa4, 0xa4, 0xa4, 0xe5], "中文"],
    ["ks_c_5601-1987", "euc-kr", [0xc7, 0xd1], "한"],
  ];

  test.each(samples)("%j is %s", (label, name, bytes, text) => {
    const decoder = new TextDecoder(label);
    expect([decoder.encoding, decoder.decode(new Uint8Array(bytes))]).toEqual([name, text]);
  });

  test.each(samples)("%j does not depend on where chunks are cut", (label, _name, bytes, text) => {
    for (let cut = 1; cut < bytes.length; cut += 1) {
      const decoder = new TextDecoder(label);
      const first = decoder.decode(new Uint8Array(bytes.slice(0, cut)), { stream: true });
      expect(first + decoder.decode(new Uint8Array(bytes.slice(cut)))).toBe(text);
    }
  });

  test("a cut character is U+FFFD, or a TypeError when fatal", () => {
    expect(new TextDecoder("shift_jis").decode(new Uint8Array([0x93]))).toBe("\ufffd");
    const fatal = new TextDecoder("shift_jis", { fatal: true });
    expect(() => fatal.decode(new Uint8Array([0x93]))).toThrow(TypeError);
    expect(fatal.decode(new Uint8Array([0x93, 0xfa]))).toBe("日");
  });
});

test("decoders take views of shared memory", async () => {
  const shared = new Uint8Array(new SharedArrayBuffer(3));
  shared.set([0xe2, 0x82, 0xac]);
  expect(new TextDecoder().decode(shared as unknown as Uint8Array<ArrayBuffer>)).toBe("€");
  const stream = ReadableStream.from([shared as unknown as Uint8Array<ArrayBuffer>]).pipeThrough(
    new TextDecoderStream(),
  );
  expect(await collect(stream)).toEqual(["€"]);
});
