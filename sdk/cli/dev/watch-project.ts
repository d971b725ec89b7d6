/**
 * Tells when the author's sources changed. Several changes within a moment are one.
 *
 * Whoever starts it must `close` it. Invariant: `onChange` is never called while an earlier call is still running; what
 * changes meanwhile leads to one more call.
 */
import { basename } from "node:path";
import { watch } from "chokidar";
import { isSourceFile, isSourceFolder } from "../../project/source-filter.ts";

/** Editors write a file in several steps. */
const SETTLE_MS = 15;

export interface WatchOptions {
  readonly directory: string;
  /** `paths` changed since the last call. Must not reject. */
  readonly onChange: (paths: readonly string[]) => Promise<void>;
}

export interface ProjectWatch {
  close(): Promise<void>;
}

/** Resolves when watching has begun: later changes are not missed. */
export async function watchProject({ directory, onChange }: WatchOptions): Promise<ProjectWatch> {
  const watcher = watch(directory, {
    ignoreInitial: true,
    ignored: (path, stats) => {
      if (path === directory) return false;
      const name = basename(path);
      if (stats?.isFile() === true) return !isSourceFile(name, "author");
      return !isSourceFolder(name, "author");
    },
  });
  const changed = new Set<string>();
  let timer: NodeJS.Timeout | null = null;
  let running: Promise<void> | null = null;
  const run = () => {
    timer = null;
    const paths = [...changed];
    changed.clear();
    running = onChange(paths).finally(() => {
      running = null;
      if (changed.size > 0) timer = setTimeout(run, SETTLE_MS);
    });
  };
  watcher.on("all", (_event, path) => {
    changed.add(path);
    if (running !== null) return;
    if (timer !== null) clearTimeout(timer);
    timer = setTimeout(run, SETTLE_MS);
  });
  await new Promise<void>((resolve, reject) => {
    watcher.once("ready", resolve).once("error", reject);
  });
  return {
    close: async () => {
      if (timer !== null) clearTimeout(timer);
      await watcher.close();
      await running;
    },
  };
}
