/** Key descriptions of a document (sdk/key-description.ts) as JSON Schema, so that both come from the table that reads it. */
import type { KeyDescription, KeyShape } from "../../../sdk/key-description.ts";
import { boolean, integer, list, object, text, type JsonSchema } from "./json-schema.ts";

/** The document as it is shown: keys that depend on others or are optional may be absent. */
export function describedObject(keys: readonly KeyDescription[]): JsonSchema {
  const optional = keys.filter(({ presence }) => presence === "optional" || presence === "depends");
  return object(Object.fromEntries(keys.map((key) => [key.key, describedKey(key)])), {
    optional: optional.map(({ key }) => key),
  });
}

function describedKey({ meaning, allowed, default: standard, shape }: KeyDescription): JsonSchema {
  const means = standard === undefined ? "" : ` Absent means ${JSON.stringify(standard)}.`;
  return { ...describedShape(shape), description: `${meaning} Allowed: ${allowed}.${means}` };
}

function describedShape(shape: KeyShape): JsonSchema {
  switch (shape.kind) {
    case "text":
      return text();
    case "boolean":
      return boolean;
    case "integer":
      return integer(shape);
    case "number":
      return { type: "number", minimum: shape.min, maximum: shape.max };
    case "choice":
      return { type: typeof shape.values[0] === "number" ? "integer" : "string", enum: shape.values };
    case "object":
      return describedObject(shape.keys);
    case "list":
      return list(describedShape(shape.item), { maxItems: shape.itemsMax });
  }
}
