/** The audit record of a step that a rollout takes by itself. Pure. */
import { auditLimits } from "../../sdk/audit.ts";
import type { NewAuditRecord } from "../store.ts";
import type { Advance } from "./advance-rollout.ts";

const actions = { steps: "advanceRollout", done: "completeRollout", back: "abortRollout" } as const;

/** `time`: when, ISO 8601. Whose rollout it is follows from the token that started it. */
export function rolloutRecord(
  { kind, row }: Exclude<Advance, { readonly kind: "stays" }>,
  time: string,
): NewAuditRecord {
  const percent = kind === "done" ? 100 : kind === "back" ? 0 : row.steps[row.step];
  const reason = row.reason === "" ? "" : ` reason=${row.reason}`;
  return {
    time,
    actor: "rollout",
    tokenId: row.author.tokenId,
    action: actions[kind],
    resource: `function/${row.function}/alias/${row.alias}`,
    detail: `rollout=${row.id} version=${row.to} percent=${String(percent)}${reason}`.slice(
      0,
      auditLimits.textCharsMax,
    ),
    level: kind === "back" ? "incident" : "normal",
    outcome: "success",
    code: null,
    requestId: row.id,
  };
}
