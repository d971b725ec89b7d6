/** The parts of a route's schema that all routes share: path parameters, and answers with the error body beside them. */
import { errorBody } from "./schemas/access-schemas.ts";
import { object, text, type JsonSchema } from "./schemas/json-schema.ts";

/** Largest value of a path parameter; grammar and existence are checked by the services. */
const parameterCharsMax = 256;

export function pathParameters(...names: readonly string[]): JsonSchema {
  return object(Object.fromEntries(names.map((name) => [name, text({ minLength: 1, maxLength: parameterCharsMax })])));
}

const errors: Readonly<Record<string, JsonSchema>> = {
  "4xx": { description: "Refused; `error.problems` lists everything that is wrong.", ...errorBody },
  "5xx": { description: "Failed.", ...errorBody },
};

/** Answers of a route: what it gives with `status`, and errors. */
export function answers(status: number, schema: JsonSchema): Readonly<Record<string, JsonSchema>> {
  return { [String(status)]: { description: "Success.", ...schema }, ...errors };
}

/** 204 without a body. */
export const noContent: Readonly<Record<string, JsonSchema>> = {
  "204": { description: "Done.", type: "null" },
  ...errors,
};

/** Lines of JSON for as long as the connection lasts. */
export const lines: Readonly<Record<string, JsonSchema>> = {
  "200": { description: "One JSON object per line.", type: "string" },
  ...errors,
};
