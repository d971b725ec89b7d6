/** Every key of a domain's configuration, described: for the reference, for JSON Schema, for tools. */
import { domainFields, foreignKeys } from "./domain/domain-fields.ts";
import { describeFields } from "./domain/field.ts";
import type { KeyDescription } from "./key-description.ts";

/** In the order in which configurations are shown. */
export function domainKeys(): readonly KeyDescription[] {
  return describeFields(domainFields);
}

/** Keys of the original API that are refused, and what to do instead. */
export function refusedDomainKeys(): Readonly<Record<string, string>> {
  return foreignKeys;
}
