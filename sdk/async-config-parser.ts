/** Reads how a function's asynchronous calls are to be treated from untrusted input. Pure; whether a function exists is the store's to know. */
import type { AsyncConfig, CallDestination } from "./calls.ts";
import { FieldReader, parsedUnless } from "./field-reader.ts";
import { latestVersion, refuseAliasName, refuseFunctionName } from "./function-name.ts";
import { callLimits, destinationLimits } from "./call-limits.ts";
import type { Parsed, Problem } from "./problem.ts";

/** What calls get where nothing was set. */
export const defaultAsyncConfig: AsyncConfig = {
  retries: callLimits.retries.default,
  maxAgeSeconds: callLimits.maxAgeSeconds.default,
  onSuccess: null,
  onFailure: null,
};

/** Absent keys get their defaults. */
export function parseAsyncConfig(input: unknown): Parsed<AsyncConfig> {
  const problems: Problem[] = [];
  const fields = new FieldReader(input, { path: "", problems });
  const config: AsyncConfig = {
    retries: fields.integer("retries", callLimits.retries),
    maxAgeSeconds: fields.integer("maxAgeSeconds", callLimits.maxAgeSeconds),
    onSuccess: readDestination(fields, { key: "onSuccess", problems }),
    onFailure: readDestination(fields, { key: "onFailure", problems }),
  };
  fields.finish();
  return parsedUnless(problems, config);
}

/** Why `name` is not the name of a queue, completing "allowed: …", or null. */
export function refuseQueueName(name: string): string | null {
  const { queueNameCharsMax: max } = destinationLimits;
  if (name.length <= max && /^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(name)) return null;
  return `1..${max} letters, digits, ".", "_" and "-", first a letter or digit`;
}

/** Why `text` is not where an HTTP destination can be, or null. Its address is judged when it is connected to. */
export function refuseDestinationUrl(text: string): string | null {
  const { urlCharsMax } = destinationLimits;
  const url = URL.parse(text);
  const isAllowed =
    text.length <= urlCharsMax && url !== null && /^https?:$/.test(url.protocol) && url.username + url.password === "";
  return isAllowed ? null : `an http or https URL without user name, at most ${urlCharsMax} characters`;
}

function readDestination(
  fields: FieldReader,
  { key, problems }: { readonly key: "onSuccess" | "onFailure"; readonly problems: Problem[] },
): CallDestination | null {
  const input = fields.raw(key) ?? null;
  if (input === null) return null;
  const destination = new FieldReader(input, { path: key, problems });
  const before = destination.problemCount;
  const kind = destination.choice("kind", { values: ["function", "http", "queue"] });
  // What else must be there is only known of a kind.
  if (destination.problemCount > before) return null;
  const read = readKind(destination, kind);
  destination.finish();
  return read;
}

function readKind(destination: FieldReader, kind: CallDestination["kind"]): CallDestination {
  switch (kind) {
    case "function":
      return {
        kind,
        function: destination.string("function", { check: refuseFunctionName }),
        qualifier: destination.string("qualifier", { default: latestVersion, check: refuseQualifier }),
      };
    case "http":
      return { kind, url: destination.string("url", { check: refuseDestinationUrl }) };
    case "queue":
      return { kind, queue: destination.string("queue", { check: refuseQueueName }) };
  }
}

function refuseQualifier(text: string): string | null {
  return text === latestVersion ? null : refuseAliasName(text);
}
