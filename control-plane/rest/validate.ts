/**
 * Compiles the schemas of routes for Fastify: bodies are taken as they are, texts in paths and queries become numbers where the
 * schema says so, and all problems are reported at once.
 */
import { Ajv, type ValidateFunction } from "ajv";
import type { FastifyInstance } from "fastify";
import { invalidInput } from "../control-error.ts";
import { toProblems } from "./schema-problems.ts";

/** Installs the compilers; must run before the first route. */
export function installValidation(app: FastifyInstance): void {
  const options = {
    allErrors: true,
    verbose: true,
    discriminator: true,
    allowUnionTypes: true,
    useDefaults: true,
  } as const;
  const strict = new Ajv(options);
  const coercing = new Ajv({ ...options, coerceTypes: true });
  app.setValidatorCompiler(({ schema, httpPart }) => {
    const validate: ValidateFunction = (httpPart === "body" ? strict : coercing).compile(schema as object);
    return (data: unknown) => {
      if (validate(data)) return { value: data };
      return { error: invalidInput(toProblems(validate.errors ?? [], httpPart ?? "request")) };
    };
  });
}
