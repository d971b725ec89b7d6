/**
 * Errors as clients of FunctionGraph expect them: `{"error_code": "FSS.1051", "error_msg": "…"}` (interfaces.md §3.6).
 *
 * Invariant: every code that is thrown has its HTTP status here, and nothing that was not meant for outsiders is in a message.
 */
import { showValue } from "../../sdk/field-reader.ts";
import { describeError } from "../../sdk/error-code.ts";
import { toControlError } from "../rest/error-answer.ts";

/** The codes that this installation answers, with their status. */
export const fgsStatus = {
  "FSS.0400": 400,
  "FSS.0401": 401,
  "FSS.0403": 403,
  "FSS.0404": 404,
  "FSS.0406": 406,
  "FSS.0409": 409,
  "FSS.0413": 413,
  "FSS.0429": 429,
  "FSS.0500": 500,
  "FSS.0503": 503,
  "FSS.1002": 400,
  "FSS.1003": 400,
  "FSS.1004": 400,
  "FSS.1005": 400,
  "FSS.1006": 400,
  "FSS.1007": 400,
  "FSS.1008": 400,
  "FSS.1009": 400,
  "FSS.1010": 400,
  "FSS.1011": 400,
  "FSS.1012": 400,
  "FSS.1013": 400,
  "FSS.1014": 400,
  "FSS.1015": 400,
  "FSS.1016": 400,
  "FSS.1017": 400,
  "FSS.1018": 400,
  "FSS.1019": 400,
  "FSS.1026": 400,
  "FSS.1033": 428,
  "FSS.1041": 403,
  "FSS.1042": 403,
  "FSS.1043": 403,
  "FSS.1045": 403,
  "FSS.1051": 404,
  "FSS.1052": 404,
  "FSS.1053": 404,
  "FSS.1056": 404,
  "FSS.1060": 404,
  "FSS.1061": 409,
  "FSS.1062": 409,
  "FSS.1063": 409,
  "FSS.1066": 409,
  "FSS.1068": 403,
  "FSS.1069": 403,
  "FSS.1071": 413,
  "FSS.1072": 413,
  "FSS.1091": 400,
  "FSS.1092": 400,
  "FSS.1093": 400,
  "FSS.1094": 403,
  "FSS.1101": 400,
  "FSS.1107": 400,
  "FSS.1109": 400,
  "FSS.1131": 404,
  "FSS.1140": 404,
  "FSS.1147": 409,
  "FSS.1148": 409,
  "FSS.1153": 412,
  "FSS.1154": 403,
  "FSS.1201": 413,
  "FSS.1306": 400,
  "FSS.1309": 400,
  "FSS.1404": 400,
  "FSS.1405": 400,
} as const;
export type FgsCode = keyof typeof fgsStatus;

export class FgsError extends Error {
  override readonly name = "FgsError";
  readonly code: FgsCode;

  constructor(code: FgsCode, message: string) {
    super(message);
    this.code = code;
  }
}

export interface FgsErrorAnswer {
  readonly status: number;
  readonly body: { readonly error_code: FgsCode; readonly error_msg: string };
}

/** `error` may be anything that was thrown. */
export function answerFgsError(error: unknown): FgsErrorAnswer {
  if (error instanceof FgsError) return answer(error.code, error.message);
  const { code, message, problems } = toControlError(error);
  const { status } = describeError(code);
  switch (code) {
    case "LIMIT_REACHED":
      return answer(byQuota.get(problems[0]?.path ?? "") ?? "FSS.0403", message);
    case "PUBLISH_REFUSED":
      return answer("FSS.1011", message);
    case "PAYLOAD_TOO_LARGE":
      return answer("FSS.0413", message);
    default:
      return answer(byStatus.get(status) ?? (status >= 500 ? "FSS.0500" : "FSS.0400"), message);
  }
}

const byQuota: ReadonlyMap<string, FgsCode> = new Map([
  ["quotas.functions", "FSS.1041"],
  ["quotas.codeMiB", "FSS.1042"],
]);

const byStatus: ReadonlyMap<number, FgsCode> = new Map([
  [401, "FSS.0401"],
  [403, "FSS.0403"],
  [404, "FSS.0404"],
  [409, "FSS.0409"],
  [413, "FSS.0413"],
  [429, "FSS.0429"],
  [503, "FSS.0503"],
]);

function answer(code: FgsCode, message: string): FgsErrorAnswer {
  return { status: fgsStatus[code], body: { error_code: code, error_msg: message } };
}

export function invalid(
  code: FgsCode,
  key: string,
  { received, allowed }: { readonly received: unknown; readonly allowed: string },
): FgsError {
  return new FgsError(code, `${key}: received ${showValue(received)}, allowed: ${allowed}`);
}
