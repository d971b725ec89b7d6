/** Whether an answer shows secrets: only when the request says so and an administrator asks. */
import type { FastifyRequest } from "fastify";
import { ControlError } from "../control-error.ts";
import type { SecretDisplay } from "../domains/domain-resources.ts";

/** @throws ControlError FORBIDDEN. */
export function secretDisplay(request: FastifyRequest, wanted: boolean | undefined): SecretDisplay {
  if (wanted !== true) return "masked";
  if (request.caller?.role !== "admin") {
    throw new ControlError("FORBIDDEN", { message: "Secrets are shown to administrators only." });
  }
  return "shown";
}
