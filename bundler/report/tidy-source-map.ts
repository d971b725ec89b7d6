/**
 * Rewrites a source map so that it names files as the author does: relative to the root of the source, nothing of the
 * machine that made it.
 */
import { joinPath } from "../source/source-path.ts";
import { displayPath } from "../source/source-loader.ts";

interface RawSourceMap {
  readonly sources: readonly (string | null)[];
  readonly sourcesContent?: readonly (string | null)[];
  readonly mappings: string;
  readonly names: readonly string[];
}

/** @throws when `text` is not the map that esbuild wrote. */
export function tidySourceMap(text: string): string {
  const map = JSON.parse(text) as RawSourceMap;
  return JSON.stringify({
    version: 3,
    sources: map.sources.map((source) => tidySource(source ?? "unknown")),
    sourcesContent: map.sourcesContent ?? [],
    names: map.names,
    mappings: map.mappings,
  });
}

/** Sources of maps inside the sources may be anything: URLs and absolute paths keep only their end. */
function tidySource(source: string): string {
  const path = displayPath(source).replace(/^(?:file:|webpack:|rollup:)?\/+/, "");
  return (
    joinPath("", path) ??
    path
      .split("/")
      .filter((segment) => segment !== "..")
      .join("/")
  );
}
