/**
 * What a source says of its own source map, made harmless: esbuild reads maps that a comment names, and sources that a map names without their content, by
 * `file:` URL from this machine's disk, past every plugin. It believes the last such comment of a module, so the last one is ours. Pure.
 */
const word = "sourceMappingURL=";
const inlineMark = `${word}data:application/json`;
const noMap = "data:application/json,{}";

/** `code` whose source map, as esbuild sees it, is inside the code and complete; lines and columns stay as they are. */
export function withOwnMapOnly(code: string): string {
  return code.includes(word) ? `${code}\n//# ${word}${inlineMapOf(code) ?? noMap}\n` : code;
}

/** The map of the last comment that holds one, as a data: URL with only what esbuild shall have of it; null when there is none. */
function inlineMapOf(code: string): string | null {
  const at = code.lastIndexOf(inlineMark);
  const [, parameters, data] =
    at < 0 ? [] : (/^([^,\s]{0,100}),([^\s*]*)/.exec(code.slice(at + inlineMark.length)) ?? []);
  if (parameters === undefined || data === undefined) return null;
  try {
    const text = /;base64$/i.test(parameters) ? Buffer.from(data, "base64").toString() : decodeURIComponent(data);
    const map = completeMap(JSON.parse(text));
    return map === null ? null : `data:application/json;base64,${Buffer.from(JSON.stringify(map)).toString("base64")}`;
  } catch {
    return null;
  }
}

/** Named field by field: whatever else a map may hold, such as `sections` with maps of their own, is left out. */
function completeMap(value: unknown): object | null {
  if (typeof value !== "object" || value === null) return null;
  const { version, sources, sourcesContent, sourceRoot, names, mappings } = value as Readonly<Record<string, unknown>>;
  if (version !== 3 || !isListOfText(sources) || typeof mappings !== "string") return null;
  const contents: readonly unknown[] = Array.isArray(sourcesContent) ? sourcesContent : [];
  return {
    version,
    sources,
    // A source without content would be read from this machine.
    sourcesContent: sources.map((_source, index) => (typeof contents[index] === "string" ? contents[index] : "")),
    ...(typeof sourceRoot === "string" ? { sourceRoot } : {}),
    names: isListOfText(names) ? names : [],
    mappings,
  };
}

function isListOfText(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === "string");
}
