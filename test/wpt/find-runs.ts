/** Finds the test files of a checkout and the runs they ask for: one per file, or one per variant that a file names. */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { areas, isLeftOut } from "./areas.ts";
import { readMeta, type TestMeta } from "./test-meta.ts";

export interface TestRun {
  /** The area it counts for, or the folder that was asked for. */
  readonly area: string;
  /** Path from the checkout's root. */
  readonly file: string;
  /** The query it runs with, with its `?`; empty for a file without variants. */
  readonly variant: string;
  readonly meta: TestMeta;
}

/** The runs of all areas, or of one folder or file below the checkout, in the order of their names. */
export async function findRuns(wptRoot: string, only: string | null): Promise<readonly TestRun[]> {
  const runs: TestRun[] = [];
  for (const area of only === null ? areas : [only]) {
    const files = await testFiles(wptRoot, area);
    for (const file of files.filter((path) => !isLeftOut(path))) {
      const meta = readMeta(await readFile(join(wptRoot, file), "utf8"));
      const variants = meta.variants.length === 0 ? [""] : meta.variants;
      for (const variant of variants) runs.push({ area: areaOf(file) ?? area, file, variant, meta });
    }
  }
  return runs;
}

/** The name under which results and expectations list a run. */
export function runName({ file, variant }: Pick<TestRun, "file" | "variant">): string {
  return `${file}${variant}`;
}

function areaOf(file: string): string | undefined {
  return areas.find((area) => file.startsWith(`${area}/`));
}

async function testFiles(wptRoot: string, place: string): Promise<readonly string[]> {
  if (place.endsWith(".any.js")) return [place];
  const entries = await readdir(join(wptRoot, place), { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && entry.name.endsWith(".any.js"))
    .map((entry) => join(entry.parentPath, entry.name).slice(wptRoot.length + 1))
    .toSorted();
}
