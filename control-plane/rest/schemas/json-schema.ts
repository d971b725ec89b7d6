/**
 * JSON Schema (2020-12, as in OpenAPI 3.1) in the few forms the routes need.
 *
 * Invariant: an object schema made here allows no unknown key, so that a misspelt one never passes silently.
 */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** All `properties` are required but those named in `optional`. */
export function object(
  properties: Readonly<Record<string, JsonSchema>>,
  { optional = [] }: { readonly optional?: readonly string[] } = {},
): JsonSchema {
  const required = Object.keys(properties).filter((key) => !optional.includes(key));
  return { type: "object", additionalProperties: false, properties, required };
}

/** An object with any keys and values of one kind. */
export function mapOf(values: JsonSchema): JsonSchema {
  return { type: "object", additionalProperties: values };
}

export function list(
  items: JsonSchema,
  bounds: { readonly minItems?: number; readonly maxItems?: number } = {},
): JsonSchema {
  return { type: "array", items, ...bounds };
}

/** A string; without bounds only in answers. */
export function text(
  bounds: {
    readonly minLength?: number;
    readonly maxLength?: number;
    readonly pattern?: string;
    readonly description?: string;
  } = {},
): JsonSchema {
  return { type: "string", ...bounds };
}

/** Both ends included. */
export function integer(range: { readonly min: number; readonly max?: number; readonly default?: number }): JsonSchema {
  return {
    type: "integer",
    minimum: range.min,
    ...(range.max === undefined ? {} : { maximum: range.max }),
    ...(range.default === undefined ? {} : { default: range.default }),
  };
}

export function choice(values: readonly string[]): JsonSchema {
  return { type: "string", enum: values };
}

export function literal(value: string | number): JsonSchema {
  return { const: value };
}

export function nullable(schema: JsonSchema): JsonSchema {
  return { ...schema, type: [schema["type"], "null"] };
}

export const boolean: JsonSchema = { type: "boolean" };
export const number: JsonSchema = { type: "number" };

/** One of several object schemas that differ in their property `kind`. */
export function union(schemas: readonly JsonSchema[]): JsonSchema {
  return { type: "object", discriminator: { propertyName: "kind" }, required: ["kind"], oneOf: schemas };
}

/** ISO 8601 in UTC. */
export const time: JsonSchema = text({ description: "ISO 8601, UTC" });

export const digest: JsonSchema = {
  type: "string",
  pattern: "^[0-9a-f]{64}$",
  description: "SHA-256 in 64 lower-case hexadecimal digits",
};
