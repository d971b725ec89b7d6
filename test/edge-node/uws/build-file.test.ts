import { createHash } from "node:crypto";
import { copyFileSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { knownBuilds, uwsBuildFile, type BuildFileOptions } from "../../../edge-node/uws/build-file.ts";
import { buildForOlderGlibc } from "../../../edge-node/uws/older-glibc-build.ts";

const packageFolder = path.dirname(createRequire(import.meta.url).resolve("uWebSockets.js"));
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), "selvage-uws-"));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

function options(change: Partial<BuildFileOptions> = {}): BuildFileOptions {
  const base = { packageFolder, cacheFolder: path.join(folder, "cache"), platform: "linux", arch: "x64", abi: "137" };
  return { ...base, glibcVersion: "2.36", ...change };
}

describe("uwsBuildFile()", () => {
  it.each([
    { case: "a glibc that has the C23 names", change: { glibcVersion: "2.38" }, name: "uws_linux_x64_137.node" },
    { case: "a later major version of glibc", change: { glibcVersion: "3.0" }, name: "uws_linux_x64_137.node" },
    { case: "Linux without glibc", change: { glibcVersion: undefined }, name: "uws_linux_x64_137.node" },
    {
      case: "macOS",
      change: { platform: "darwin", arch: "arm64", glibcVersion: undefined },
      name: "uws_darwin_arm64_137.node",
    },
  ])("names the build as it comes on $case", ({ change, name }) => {
    expect(uwsBuildFile(options(change))).toBe(path.join(packageFolder, name));
  });

  it("makes one copy for glibc 2.36, executable, and uses it again", () => {
    const file = uwsBuildFile(options());
    const written = statSync(file);
    expect(uwsBuildFile(options())).toBe(file);
    expect(statSync(file).ino).toBe(written.ino);
    expect(readdirSync(path.dirname(file))).toHaveLength(1);
    expect(statSync(file).mode & 0o777).toBe(0o755);
  });

  it("replaces a cached copy that was tampered with", () => {
    const file = uwsBuildFile(options());
    writeFileSync(file, "not a library");
    expect(uwsBuildFile(options())).toBe(file);
    expect(createHash("sha256").update(readFileSync(file)).digest("hex")).toBe(
      knownBuilds["uws_linux_x64_137.node"]?.patched,
    );
  });

  it("refuses a build whose digest is not the known one, naming both", () => {
    const bytes = readFileSync(path.join(packageFolder, "uws_linux_x64_137.node"));
    bytes[bytes.length - 1] = (bytes[bytes.length - 1] ?? 0) ^ 1;
    writeFileSync(path.join(folder, "uws_linux_x64_137.node"), bytes);
    expect(() => uwsBuildFile(options({ packageFolder: folder }))).toThrow(
      /received SHA-256 [0-9a-f]{64}, expected 9812/,
    );
  });

  it("refuses a build of an ABI that was not checked", () => {
    copyFileSync(path.join(packageFolder, "uws_linux_x64_127.node"), path.join(folder, "uws_linux_x64_127.node"));
    expect(() => uwsBuildFile(options({ packageFolder: folder, abi: "127" }))).toThrow("not a build that was checked");
  });
});

describe("buildForOlderGlibc()", () => {
  it.each(["x64", "arm64"])("changes nothing but names and versions of the %s build", (arch) => {
    const original = readFileSync(path.join(packageFolder, `uws_linux_${arch}_137.node`));
    const patched = buildForOlderGlibc(original, arch);
    expect(createHash("sha256").update(patched).digest("hex")).toBe(knownBuilds[`uws_linux_${arch}_137.node`]?.patched);
    const changed = patched.reduce((count, byte, at) => count + (byte === original[at] ? 0 : 1), 0);
    expect(changed).toBe(arch === "x64" ? 11 : 6);
    expect(() => buildForOlderGlibc(patched, arch)).toThrow("expected libc.so.6 to be needed");
  });

  it("refuses what is not a 64-bit ELF file and unknown architectures", () => {
    expect(() => buildForOlderGlibc(Buffer.alloc(64), "x64")).toThrow("not a 64-bit little-endian ELF file");
    expect(() => buildForOlderGlibc(Buffer.alloc(64), "s390x")).toThrow("unknown architecture: received s390x");
  });
});
