/**
 * Quotas as clients of FunctionGraph read them (interfaces.md §3.7), over those of everybody.
 *
 * Only what this installation bounds is listed; of workflows there are none, and may be none.
 */
import type { QuotaName } from "../../sdk/quota.ts";
import type { QuotaService } from "../quotas/quota-service.ts";

const shown: readonly (readonly [type: string, name: QuotaName, unit: string])[] = [
  ["fgs_func_num", "functions", ""],
  ["fgs_func_code_size", "codeMiB", "MB"],
];

export class FgsQuotas {
  readonly #quotas: Pick<QuotaService, "list">;

  constructor(quotas: Pick<QuotaService, "list">) {
    this.#quotas = quotas;
  }

  async list(): Promise<object> {
    const quotas = await this.#quotas.list();
    const resources = shown.flatMap(([type, name, unit]) => {
      const quota = quotas.find((one) => one.name === name);
      return quota === undefined
        ? []
        : [{ type, quota: quota.value, used: quota.used, ...(unit === "" ? {} : { unit }) }];
    });
    return { quotas: { resources: [...resources, { type: "fgs_workflow_num", quota: 0, used: 0 }] } };
  }
}
