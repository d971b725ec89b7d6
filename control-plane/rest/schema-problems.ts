/** What Ajv found wrong with an input, as problems in the words of the rest of the system. Pure. */
import type { ErrorObject } from "ajv";
import { showValue } from "../../sdk/field-reader.ts";
import type { Problem } from "../../sdk/problem.ts";

/** Problems shown of one input; a hostile one could have millions. */
const problemsMax = 100;

/** Ajv must run with `verbose` so that errors carry data and schema. `part` names the input where it is not the body. */
export function toProblems(errors: readonly ErrorObject[], part: string): readonly Problem[] {
  const telling = errors.filter(({ keyword }) => keyword !== "oneOf" && keyword !== "if");
  return telling.slice(0, problemsMax).map((error) => toProblem(error, part));
}

function toProblem(error: ErrorObject, part: string): Problem {
  const path = toPath(error.instancePath);
  switch (error.keyword) {
    case "required":
      return { path: join(path, String(error.params["missingProperty"])), message: "is required" };
    case "additionalProperties": {
      const known = Object.keys((error.parentSchema?.["properties"] ?? {}) as object);
      const key = String(error.params["additionalProperty"]);
      return { path: join(path, key), message: `is not a key, allowed: ${known.join(", ") || "none"}` };
    }
    case "discriminator": {
      const kinds = ((error.parentSchema?.["oneOf"] ?? []) as readonly KindSchema[]).map(
        ({ properties }) => properties?.kind?.const ?? "",
      );
      const received = (error.data as { readonly kind?: unknown } | null)?.kind;
      return { path: join(path, "kind"), message: `received ${showValue(received)}, allowed: ${kinds.join(", ")}` };
    }
    default:
      return { path: path || part, message: `received ${describeReceived(error)}, allowed: ${describeAllowed(error)}` };
  }
}

interface KindSchema {
  readonly properties?: { readonly kind?: { readonly const?: string } };
}

function describeReceived({ keyword, data }: ErrorObject): string {
  if (keyword === "maxLength" || keyword === "minLength") return `${String((data as string).length)} characters`;
  if (keyword === "maxItems" || keyword === "minItems") return `${String((data as unknown[]).length)} items`;
  return showValue(data);
}

function describeAllowed({ keyword, params, parentSchema = {} }: ErrorObject): string {
  switch (keyword) {
    case "type":
      return describeType(params["type"]);
    case "enum":
      return (params["allowedValues"] as readonly unknown[]).join(", ");
    case "const":
      return showValue(params["allowedValue"]);
    case "minimum":
    case "maximum":
      return describeRange(parentSchema, ["minimum", "maximum"]);
    case "minLength":
    case "maxLength":
      return describeRange(parentSchema, ["minLength", "maxLength"]);
    case "minItems":
    case "maxItems":
      return describeRange(parentSchema, ["minItems", "maxItems"]);
    case "pattern":
      return String(parentSchema["description"] ?? params["pattern"]);
    default:
      return `what fits "${keyword}"`;
  }
}

function describeType(type: unknown): string {
  const names: Readonly<Record<string, string>> = {
    array: "a list",
    boolean: "true or false",
    integer: "a whole number",
    null: "null",
    number: "a number",
    object: "an object",
    string: "a text",
  };
  const types: readonly unknown[] = Array.isArray(type) ? type : [type];
  return types.map((name) => names[String(name)] ?? String(name)).join(" or ");
}

function describeRange(schema: Readonly<Record<string, unknown>>, [minKey, maxKey]: readonly [string, string]): string {
  const min = Number(schema[minKey] ?? 0);
  const max = schema[maxKey];
  return max === undefined ? `at least ${String(min)}` : `${String(min)}..${String(Number(max))}`;
}

/** `/source/files/3/path` → `source.files[3].path`. */
function toPath(pointer: string): string {
  const segments = pointer.split("/").slice(1);
  const keys = segments.map((segment) => segment.replaceAll("~1", "/").replaceAll("~0", "~"));
  return keys.reduce((path, key) => (/^\d+$/.test(key) ? `${path}[${key}]` : join(path, key)), "");
}

function join(path: string, key: string): string {
  return path === "" ? key : `${path}.${key}`;
}
