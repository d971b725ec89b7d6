/** Where a node keeps its access log. */
import path from "node:path";

export type AccessLogPlace =
  | { readonly kind: "off" }
  | { readonly kind: "stdout" }
  /** An absolute path. */
  | { readonly kind: "file"; readonly file: string };

/** What the setting means: off, stdout or a file; null: `access.log` in the data folder. */
export function accessLogPlace(setting: string | null, dataFolder: string): AccessLogPlace {
  if (setting === "off" || setting === "stdout") return { kind: setting };
  return { kind: "file", file: setting === null ? path.resolve(dataFolder, "access.log") : path.resolve(setting) };
}
