/** Modules in `data:` URLs (RFC 2397), decoded here so that they pass the same checks as files. Pure. */
export interface DataModule {
  /** Lower case, without parameters. */
  readonly mediaType: string;
  readonly bytes: Uint8Array;
}

/** Null when `url` is no data: URL or its data cannot be decoded. */
export function readDataUrl(url: string): DataModule | null {
  const comma = url.indexOf(",");
  if (!url.startsWith("data:") || comma < 0) return null;
  const [mediaType = "", ...parameters] = url.slice("data:".length, comma).toLowerCase().split(";");
  const data = url.slice(comma + 1);
  try {
    const text = decodeURIComponent(data);
    const bytes = parameters.includes("base64") ? Buffer.from(text, "base64") : new TextEncoder().encode(text);
    return { mediaType: mediaType.trim(), bytes };
  } catch {
    return null;
  }
}
