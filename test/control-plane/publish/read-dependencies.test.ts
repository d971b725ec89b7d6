import { describe, expect, it } from "vitest";
import type { ControlError } from "../../../control-plane/control-error.ts";
import type { DependencyVersionRow } from "../../../control-plane/dependencies/dependency-row.ts";
import { requireDependencies } from "../../../control-plane/dependencies/read-dependencies.ts";
import type { StoreView } from "../../../control-plane/store.ts";
import { publishLimits } from "../../../sdk/limits.ts";

const { sourceBytesMax, sourceFilesMax } = publishLimits;

/** Dependencies of these sizes, named a, b, c: the problems of a function that uses all. */
async function problemsOf(sizes: readonly (readonly [bytes: number, files: number])[]): Promise<readonly string[]> {
  const rows = new Map(
    sizes.map(([bytes, files], at) => {
      const name = "abc".charAt(at);
      return [name, { dependency: name, version: 1, bytes, files } as DependencyVersionRow];
    }),
  );
  // Nothing else of a store is asked.
  const view = {
    dependencies: { version: (name: string) => Promise.resolve(rows.get(name) ?? null) },
  } as unknown as StoreView;
  const names = Object.fromEntries([...rows.keys()].map((name) => [name, 1]));
  try {
    expect((await requireDependencies(view, names)).map(({ dependency }) => dependency)).toEqual([...rows.keys()]);
    return [];
  } catch (error) {
    return (error as ControlError).problems.map(({ path, message }) => `${path}: ${message}`);
  }
}

describe("the dependencies of one function", () => {
  it("unpack together to as many bytes and files as its sources may, and not one more", async () => {
    expect(
      await problemsOf([
        [sourceBytesMax - 1, sourceFilesMax - 1],
        [1, 1],
      ]),
    ).toEqual([]);
    expect(
      await problemsOf([
        [sourceBytesMax, 1],
        [1, 1],
      ]),
    ).toEqual([
      `dependencies: hold ${String(sourceBytesMax + 1)} bytes together, allowed: at most ${String(sourceBytesMax)}`,
    ]);
    expect(
      await problemsOf([
        [1, sourceFilesMax],
        [1, 1],
      ]),
    ).toEqual([
      `dependencies: hold ${String(sourceFilesMax + 1)} files together, allowed: at most ${String(sourceFilesMax)}`,
    ]);
  });
});
