import { execFileSync } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { confineEsbuild } from "../../bundler/esbuild-wall.ts";
import { sourceFolder } from "./source-folder.ts";

const script = join(import.meta.dirname, "../../bundler/confined-esbuild.sh");

/** esbuild itself, behind the wall of `env`. */
function esbuild(env: NodeJS.ProcessEnv, args: readonly string[]): string {
  return execFileSync(script, args, {
    env,
    input: "let a: number = 1;",
    encoding: "utf8",
    stdio: ["pipe", "pipe", "pipe"],
  });
}

it("lets esbuild do its work, and read nothing where bubblewrap works", async ({ skip }) => {
  const environment = { ...process.env };
  const { kind, gap } = await confineEsbuild(environment);
  expect(environment["ESBUILD_BINARY_PATH"]).toBe(script);
  expect(esbuild(environment, ["--loader=ts"])).toBe("let a = 1;\n");
  expect(gap === null).toBe(kind === "bubblewrap");
  if (gap !== null) return skip(gap);
  const file = join(await sourceFolder({ "secret.txt": "the secret" }), "secret.txt");
  const args = [file, "--bundle", "--loader:.txt=text"];
  expect(esbuild({ ...environment, SELVAGE_ESBUILD_WALL: "environment" }, args)).toContain("the secret");
  expect(() => esbuild(environment, args)).toThrow("Could not resolve");
});

it("leaves out what does not work, and says why", async () => {
  const folder = await sourceFolder({});
  await writeFile(join(folder, "bwrap"), "#!/bin/sh\necho 'no namespaces' >&2\nexit 1\n", { mode: 0o755 });
  const environment: NodeJS.ProcessEnv = { PATH: `${folder}:${process.env["PATH"] ?? ""}`, SECRET: "x" };
  expect(await confineEsbuild(environment)).toEqual({
    kind: "environment",
    gap: "bubblewrap does not work here: no namespaces",
  });
  expect(esbuild(environment, ["--loader=ts"])).toBe("let a = 1;\n");
});

it("leaves a binary that the operator chose alone", async () => {
  const environment = { ESBUILD_BINARY_PATH: "/opt/esbuild" };
  expect(await confineEsbuild(environment)).toEqual({ kind: "none", gap: "ESBUILD_BINARY_PATH is set" });
  expect(environment).toEqual({ ESBUILD_BINARY_PATH: "/opt/esbuild" });
});
