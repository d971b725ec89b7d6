/** Whether a quota lets one more in. Part of the change that takes it in. */
import { quotas, type QuotaName } from "../../sdk/quota.ts";
import { ControlError } from "../control-error.ts";
import type { StoreView } from "../store.ts";

/** `functionName`: whose, where the quota is one of a function. @throws ControlError LIMIT_REACHED naming the quota. */
export async function requireRoom(view: StoreView, name: QuotaName, functionName?: string): Promise<void> {
  const value = (await view.quotas.get(name)) ?? quotas[name].default;
  const used = await view.quotas.used(name, functionName ?? null);
  if (used < value) return;
  const { meaning, unit } = quotas[name];
  const amount = unit === "count" ? String(value) : `${String(value)} ${unit}`;
  throw new ControlError("LIMIT_REACHED", {
    message: `The quota "${name}" allows ${amount} (${meaning}), and ${String(used)} are used: delete some, or let an administrator raise it.`,
    problems: [{ path: `quotas.${name}`, message: `${String(used)} used, allowed: at most ${amount}` }],
  });
}
