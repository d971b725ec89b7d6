import { zipSync } from "fflate";
import { describe, expect, it } from "vitest";
import { looksLikeZip, packArchive, unpackArchive } from "../../sdk/code-archive.ts";
import { publishLimits } from "../../sdk/limits.ts";

const text = (content: string): Uint8Array => new TextEncoder().encode(content);

async function unpacked(archive: Uint8Array): Promise<string> {
  const result = await unpackArchive(archive);
  return result.ok
    ? result.files.map(({ path, bytes }) => `${path}=${new TextDecoder().decode(bytes)}`).join(" ")
    : `refused: ${result.reason}`;
}

describe("an archive", () => {
  it("comes back as it was packed, and packs to the same bytes", async () => {
    const files = [
      { path: "index.js", bytes: text("exports.a = 1") },
      { path: "lib/b.js", bytes: text("b".repeat(200_000)) },
      { path: "empty.txt", bytes: text("") },
    ];
    const archive = packArchive(files);
    expect(await unpackArchive(archive)).toEqual({ ok: true, files });
    expect(packArchive(files)).toEqual(archive);
    expect(looksLikeZip(archive)).toBe(true);
  });

  it("leaves folders out, and takes entries that were not compressed", async () => {
    expect(await unpacked(zipSync({ "lib/": text(""), "lib/a.js": [text("1"), { level: 0 }] }))).toBe("lib/a.js=1");
  });

  it.each<[string, string]>([
    ["../outside.js", "allowed: a relative path"],
    ["/root.js", "allowed: a relative path"],
    ["a/../../b.js", "allowed: a relative path"],
    ["a//b.js", "allowed: a relative path"],
    ["a\\..\\..\\b.js", "allowed: a relative path"],
    ["a\u0000b.js", "allowed: a relative path"],
  ])("with the entry %j is refused", async (path, reason) => {
    expect(await unpacked(zipSync({ [path]: text("x") }))).toContain(reason);
  });

  it.each<[string, Uint8Array, string]>([
    ["nothing", new Uint8Array(), "no ZIP"],
    ["source", text("exports.handler = 1"), "no ZIP"],
    ["an empty one", zipSync({}), "no file"],
    ["one cut off", packArchive([{ path: "a.js", bytes: text("x".repeat(100_000)) }]).subarray(0, 60), "cut off"],
    ["one without its end", packArchive([{ path: "a.js", bytes: text("x") }]).subarray(0, -22), "cut off"],
  ])("%s is refused", async (_case, bytes, reason) => {
    expect(await unpacked(bytes)).toContain(reason);
  });

  it.each<[string, number, string]>([
    ["a link", 0o120777, "refused"],
    ["a device", 0o060666, "refused"],
    ["a socket", 0o140666, "refused"],
    ["a file", 0o100644, "taken"],
    ["a folder", 0o040755, "taken"],
    ["something without a type", 0o644, "taken"],
  ])("with %s is judged by its directory (%o): %s", async (_case, mode, outcome) => {
    const entry: [Uint8Array, { os: number; attrs: number }] = [
      text("../../etc/passwd"),
      { os: 3, attrs: mode * 65_536 },
    ];
    const result = await unpacked(zipSync({ "a.js": text("1"), "b.js": entry }));
    expect(result).toBe(
      outcome === "taken"
        ? "a.js=1 b.js=../../etc/passwd"
        : 'refused: the entry "b.js" is a link or a device, allowed: files and folders',
    );
  });

  it("takes as many files as allowed and not one more", async () => {
    const archiveOf = (count: number): Uint8Array =>
      zipSync(Object.fromEntries(Array.from({ length: count }, (_, at) => [`${String(at)}.js`, text("")])), {
        level: 0,
      });
    const { sourceFilesMax } = publishLimits;
    expect(await unpackArchive(archiveOf(sourceFilesMax))).toMatchObject({ ok: true });
    expect(await unpacked(archiveOf(sourceFilesMax + 1))).toContain(`more than ${String(sourceFilesMax)} files`);
  });

  it("unpacks as many bytes as allowed and not one more", async () => {
    const stored = (...sizes: readonly number[]): Uint8Array =>
      zipSync(Object.fromEntries(sizes.map((size, at) => [`${String(at)}.bin`, new Uint8Array(size)])), { level: 0 });
    const { sourceBytesMax } = publishLimits;
    expect(await unpackArchive(stored(sourceBytesMax))).toMatchObject({ ok: true });
    expect(await unpacked(stored(sourceBytesMax, 1))).toContain(`more than ${String(sourceBytesMax)} bytes`);
  });

  it("that unpacks to more than allowed is refused before it is unpacked", async () => {
    const big = new Uint8Array(publishLimits.sourceBytesMax / 4 + 1);
    const files = [0, 1, 2, 3].map((number) => ({ path: `${number}.bin`, bytes: big }));
    expect(await unpacked(packArchive(files))).toContain(`more than ${publishLimits.sourceBytesMax} bytes`);
  });
});
