/**
 * Turns untrusted input into a domain's configuration with all defaults, or into everything that is wrong with it.
 *
 * Pure and without name resolution. Keys, ranges and defaults are the tables in domain/. Invariants: a parsed configuration holds no
 * header that would break message framing, no list of equal priorities, and no expression that can take more than linear time.
 */
import { checkWholeDomain, domainFields, foreignKeys } from "./domain/domain-fields.ts";
import { readFields } from "./domain/field.ts";
import type { DomainConfig } from "./domain.ts";
import { mapDomainSecrets, secretForm, secretText, type SecretForm } from "./domain-secrets.ts";
import { FieldReader, parsedUnless, showValue } from "./field-reader.ts";
import { domainPatternText, isDomainPattern } from "./host-name.ts";
import { domainLimits } from "./cdn-limits.ts";
import type { Parsed, Problem } from "./problem.ts";

export interface DomainParseOptions {
  /** Forms that secrets may have. Default: clear only. */
  readonly secrets?: readonly SecretForm[];
}

/** `input` may repeat `domain`; anything else it does not know is a problem. */
export function parseDomain(
  input: unknown,
  domain: string,
  { secrets = ["clear"] }: DomainParseOptions = {},
): Parsed<DomainConfig> {
  const problems: Problem[] = [];
  if (!isDomainPattern(domain)) {
    problems.push({ path: "domain", message: `received ${showValue(domain)}, allowed: ${domainPatternText}` });
  }
  if (typeof input !== "object" || input === null || Array.isArray(input)) {
    problems.push({ path: "input", message: `received ${showValue(input)}, allowed: an object` });
    return { ok: false, problems };
  }
  const fields = new FieldReader(withDomain(input, { domain, problems }), { path: "", problems });
  for (const [key, message] of Object.entries(foreignKeys)) {
    if (fields.raw(key) !== undefined) fields.report(key, message);
  }
  const config = readFields(domainFields, fields);
  if (problems.length === 0) checkWholeDomain(config, fields);
  if (problems.length === 0) checkSecrets(config, { secrets, problems });
  if (problems.length === 0 && JSON.stringify(config).length > domainLimits.documentCharsMax) {
    problems.push({
      path: "input",
      message: `is too large, allowed: ${domainLimits.documentCharsMax} characters of JSON`,
    });
  }
  return parsedUnless(problems.slice(0, domainLimits.problemsMax), config);
}

/** The key `domain` is taken from the path; the input may only repeat it. */
function withDomain(
  input: object,
  { domain, problems }: { readonly domain: string; readonly problems: Problem[] },
): object {
  const repeated: unknown = "domain" in input ? input.domain : undefined;
  if (repeated !== undefined && repeated !== domain) {
    const message = `received ${showValue(repeated)}, allowed: absent or ${showValue(domain)}`;
    problems.push({ path: "domain", message });
  }
  // Once it is known to be wrong, it is not said again by the table.
  return { ...input, domain: isDomainPattern(domain) ? domain : "invalid.example" };
}

function checkSecrets(
  config: DomainConfig,
  { secrets, problems }: { readonly secrets: readonly SecretForm[]; readonly problems: Problem[] },
): void {
  mapDomainSecrets(config, (secret, path) => {
    const form = secretForm(secret);
    if (form === null || !secrets.includes(form)) {
      problems.push({ path, message: `is ${form ?? "of no known form"}, allowed: ${secretText}` });
    }
    return secret;
  });
}
