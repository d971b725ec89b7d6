/** URNs of functions, versions and aliases: `urn:fss:REGION:PROJECT:function:PACKAGE:NAME[:VERSION|:!ALIAS]` (interfaces.md §3.3). Pure. */
import { refuseAliasName, refuseFunctionName, refuseVersionReference } from "../../sdk/function-name.ts";

/** The region that this installation calls itself. */
export const localRegion = "local";
export const defaultPackage = "default";

export interface FunctionUrn {
  readonly project: string;
  readonly package: string;
  readonly name: string;
  /** Null: none was named, which means `latest`. */
  readonly qualifier: { readonly kind: "version" | "alias"; readonly name: string } | null;
}

/** Null: no URN of a function. The region is whatever the client calls it. */
export function parseUrn(text: string): FunctionUrn | null {
  const parts = text.split(":");
  const [urn, service, region, project, type, owner, name, qualifier] = parts;
  if (urn !== "urn" || service !== "fss" || type !== "function" || parts.length < 7 || parts.length > 8) return null;
  if (
    !isWord(region) ||
    !isWord(project) ||
    !isWord(owner) ||
    name === undefined ||
    refuseFunctionName(name) !== null
  ) {
    return null;
  }
  const parsed = { project, package: owner, name };
  if (qualifier === undefined) return { ...parsed, qualifier: null };
  if (qualifier.startsWith("!")) {
    const alias = qualifier.slice(1);
    return refuseAliasName(alias) === null ? { ...parsed, qualifier: { kind: "alias", name: alias } } : null;
  }
  return refuseVersionReference(qualifier) === null
    ? { ...parsed, qualifier: { kind: "version", name: qualifier } }
    : null;
}

export function formatUrn({ project, package: owner, name, qualifier }: FunctionUrn): string {
  const base = `urn:fss:${localRegion}:${project}:function:${owner}:${name}`;
  if (qualifier === null) return base;
  return `${base}:${qualifier.kind === "alias" ? "!" : ""}${qualifier.name}`;
}

function isWord(text: string | undefined): text is string {
  return text !== undefined && /^[A-Za-z0-9_-]{1,64}$/.test(text);
}
