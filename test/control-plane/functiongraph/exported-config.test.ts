import { describe, expect, it } from "vitest";
import {
  configBytesMax,
  configPartsMax,
  readExportedConfig,
} from "../../../control-plane/functiongraph/exported-config.ts";
import { FgsError } from "../../../control-plane/functiongraph/fgs-error.ts";

/** What is read, or the refusal. */
function check(text: string): unknown {
  try {
    return readExportedConfig(Buffer.from(text), "function.yaml");
  } catch (error) {
    if (error instanceof FgsError) return `${error.code} ${error.message}`;
    throw error;
  }
}

/** `line` for each number, as far as the bytes go. */
function filled(line: (index: number) => string, bytes: number): string {
  let text = "";
  for (let index = 0; ; index++) {
    const next = line(index);
    if (text.length + next.length > bytes) return text;
    text += next;
  }
}

const tooMany = `FSS.1011 file_code: function.yaml: allowed: at most ${String(configPartsMax)} parts`;
const unreadable = "FSS.1011 file_code: function.yaml: cannot be read, allowed: a map in YAML without aliases";

describe("readExportedConfig()", () => {
  it("reads a map", () => {
    expect(check('func_name: hello\ntimeout: 3\nuser_data: \'{"A":"1"}\'\ndepend_version_list: []\n')).toEqual({
      func_name: "hello",
      timeout: 3,
      user_data: '{"A":"1"}',
      depend_version_list: [],
    });
  });

  it("takes as many bytes as allowed, and not one more", () => {
    const text = `a: ${"x".repeat(configBytesMax - 3)}`;
    expect(check(text)).toEqual({ a: text.slice(3) });
    expect(check(`${text}x`)).toBe("FSS.1011 file_code: function.yaml: received 262145 bytes, allowed: at most 262144");
  });

  it.each([
    ["no map", "- a"],
    ["nothing", ""],
    ["an alias", "a: &x 1\nb: *x"],
    ["a key twice", "a: 1\na: 2"],
    ["what is no YAML", "a: [}"],
  ])("refuses %s", (_what, text) => {
    expect(check(text)).toBe(unreadable);
  });

  const worst: readonly (readonly [string, (bytes: number) => string])[] = [
    ["items", (bytes) => filled(() => "- a\n", bytes)],
    ["items of a line", (bytes) => `[${filled(() => "1,", bytes - 1)}`],
    ["keys", (bytes) => filled((index) => `${index.toString(36)}:\n`, bytes)],
    ["lists in lists", (bytes) => "[".repeat(bytes)],
    ["maps in maps", (bytes) => filled(() => "{a: ", bytes)],
    ["anchors", (bytes) => filled((index) => `- &a${index.toString(36)} x\n`, bytes)],
    ["aliases", (bytes) => filled(() => "- *a\n", bytes)],
    ["errors", (bytes) => filled(() => "}\n", bytes)],
  ];
  it.each(worst)("refuses too many %s, before they are parsed", (_what, make) => {
    expect(check(make(configBytesMax))).toBe(tooMany);
  });

  // Under 0.1 s of CPU time each where nothing else runs; without the bound on parts the worst of them takes minutes.
  it.each([...worst, ["escapes", (bytes: number) => `a: "${filled(() => "\\x", bytes - 4)}`] as const])(
    "takes bounded time for %s that are few enough",
    (_what, make) => {
      const before = process.cpuUsage();
      for (const bytes of [1_024, 4_096, 8_192, 16_384]) check(make(bytes));
      const { user, system } = process.cpuUsage(before);
      expect((user + system) / 1_000).toBeLessThan(1_500);
    },
  );
});
