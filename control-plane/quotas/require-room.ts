/** Whether a quota lets one more in. Part of the change that takes it in. */
import { quotas, type QuotaName } from "../../sdk/quota.ts";
import { ControlError } from "../control-error.ts";
import type { StoreView } from "../store.ts";

/** `functionName`: whose, where the quota is one of a function. @throws ControlError LIMIT_REACHED naming the quota. */
export async function requireRoom(view: StoreView, name: QuotaName, functionName?: string): Promise<void> {
  const value = (await view.quotas.get(name)) ?? quotas[name].default;
  const used = await view.quotas.used(name, functionName ?? null);
  if (used < value) return;
  throw full(name, { value, used: `${String(used)} are used`, problem: `${String(used)} used` });
}

/** For a quota of amounts, after the change took its own in. @throws ControlError LIMIT_REACHED naming the quota. */
export async function requireWithin(view: StoreView, name: QuotaName): Promise<void> {
  const value = (await view.quotas.get(name)) ?? quotas[name].default;
  const used = await view.quotas.used(name, null);
  if (used > value)
    throw full(name, { value, used: `${String(used)} would be used`, problem: `${String(used)} would be used` });
}

function full(
  name: QuotaName,
  { value, used, problem }: { readonly value: number; readonly used: string; readonly problem: string },
): ControlError {
  const { meaning, unit } = quotas[name];
  const amount = unit === "count" ? String(value) : `${String(value)} ${unit}`;
  return new ControlError("LIMIT_REACHED", {
    message: `The quota "${name}" allows ${amount} (${meaning}), and ${used}: delete some, or let an administrator raise it.`,
    problems: [{ path: `quotas.${name}`, message: `${problem}, allowed: at most ${amount}` }],
  });
}
