import { open, readFile, rename, stat, writeFile, mkdir } from "node:fs/promises";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { appendDescriptor, appendFile } from "../../../edge-node/access-log/append-file.ts";
import { rotateFile } from "../../../edge-node/access-log/rotate-file.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

describe("appendFile()", () => {
  it("keeps what several fronts append to one file whole, however they take turns", async () => {
    const file = path.join(await temporaryFolder(), "access.log");
    const fronts = ["a", "b", "c"].map((name) => ({ name, output: appendFile(file) }));
    for (let round = 0; round < 20; round++) {
      await Promise.all(fronts.map(({ name, output }) => output.write(`${name.repeat(300)}\n`.repeat(50))));
    }
    await Promise.all(fronts.map(({ output }) => output.close()));
    const lines = (await readFile(file, "utf8")).trimEnd().split("\n");
    expect(lines).toHaveLength(3_000);
    expect(lines.every((line) => /^(?:a{300}|b{300}|c{300})$/.test(line))).toBe(true);
    expect((await stat(file)).mode & 0o777).toBe(0o640);
  });

  it("goes on in a new file when its own was moved away, and makes it again when it was removed", async () => {
    const file = path.join(await temporaryFolder(), "access.log");
    const output = appendFile(file);
    await output.write("one\n");
    await rename(file, `${file}.1`);
    await output.write("two\n");
    await output.close();
    expect([await readFile(`${file}.1`, "utf8"), await readFile(file, "utf8")]).toEqual(["one\n", "two\n"]);
  });

  it("rejects while the file cannot be made, and works once it can", async () => {
    const folder = path.join(await temporaryFolder(), "later");
    const output = appendFile(path.join(folder, "access.log"));
    await expect(output.write("one\n")).rejects.toThrow("ENOENT");
    await mkdir(folder);
    await output.write("two\n");
    await output.close();
    expect(await readFile(path.join(folder, "access.log"), "utf8")).toBe("two\n");
  });
});

it("appendDescriptor() writes all lines", async () => {
  const file = path.join(await temporaryFolder(), "out");
  const handle = await open(file, "w");
  const lines = `${"x".repeat(3_000)}\n`.repeat(5);
  await appendDescriptor(handle.fd).write(lines);
  await handle.close();
  expect(await readFile(file, "utf8")).toBe(lines);
});

describe("rotateFile()", () => {
  const options = { bytesMax: 3, kept: 2 };

  it("moves a file that grew too large, and keeps so many", async () => {
    const file = path.join(await temporaryFolder(), "access.log");
    for (const text of ["first", "second", "third"]) {
      await writeFile(file, text);
      expect(await rotateFile(file, options)).toBe(true);
    }
    expect([await readFile(`${file}.1`, "utf8"), await readFile(`${file}.2`, "utf8")]).toEqual(["third", "second"]);
    await expect(stat(`${file}.3`)).rejects.toThrow("ENOENT");
  });

  it("leaves a small file, none, and what is no file", async () => {
    const folder = await temporaryFolder();
    const file = path.join(folder, "access.log");
    expect(await rotateFile(file, options)).toBe(false);
    await writeFile(file, "abc");
    expect(await rotateFile(file, options)).toBe(false);
    expect(await rotateFile(folder, { bytesMax: 0, kept: 1 })).toBe(false);
  });
});
