/** Says in one sentence why an import leads nowhere, and what the author can do. */
import { builtinAdvice } from "../node-builtins.ts";
import type { Resolution } from "./module-resolver.ts";

export function explainResolution(
  resolution: Exclude<Resolution, { kind: "file" | "empty" | "node-module" }>,
  specifier: string,
): string {
  switch (resolution.kind) {
    case "outside":
      return `Cannot import "${specifier}": it is outside the uploaded source`;
    case "file-missing":
      return `Cannot find "${specifier}": there is no such file in the uploaded source`;
    case "not-exported":
      return `Cannot import "${specifier}": the package "${resolution.package}" has no file "${resolution.subpath}" that it exports for the web`;
    case "package-missing":
      return explainMissingPackage(resolution.package, specifier);
  }
}

function explainMissingPackage(name: string, specifier: string): string {
  const advice = builtinAdvice(specifier);
  if (advice !== null) return `Cannot import the Node.js built-in "${specifier}": ${advice}`;
  if (/^[a-z][a-z0-9+.-]+:/i.test(specifier)) {
    return `Cannot import "${specifier}": modules are not fetched from elsewhere, put them into the source`;
  }
  return `Cannot find package "${name}": is it in the uploaded node_modules?`;
}
