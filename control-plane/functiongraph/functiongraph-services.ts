/** The services of the FunctionGraph-compatible API, put together over the core's. */
import type { AsyncConfigService } from "../calls/async-config-service.ts";
import type { CallService } from "../calls/call-service.ts";
import type { AliasService } from "../functions/alias-service.ts";
import type { ReservedService } from "../reserved/reserved-service.ts";
import type { FgsServices } from "../rest/functiongraph/fgs-app.ts";
import type { InvocationService } from "../rollout/invocation-service.ts";
import { FgsAliasService } from "./fgs-alias-service.ts";
import { FgsAsync } from "./fgs-async.ts";
import { FgsFunctionService, type FgsFunctionServiceOptions } from "./fgs-function-service.ts";
import { QuotaService } from "../quotas/quota-service.ts";
import type { DependencyService } from "../dependencies/dependency-service.ts";
import { FgsDependencies } from "./fgs-dependencies.ts";
import { FgsQuotas } from "./fgs-quotas.ts";
import { FgsTriggers } from "./fgs-triggers.ts";
import { FgsInvocation } from "./fgs-invocation.ts";
import { FgsReserved } from "./fgs-reserved.ts";
import { FgsSnapshot } from "./fgs-snapshot.ts";
import { FgsTags } from "./fgs-tags.ts";
import { FgsTestEvents } from "./fgs-test-events.ts";
import { FgsTransfer } from "./fgs-transfer.ts";

export interface FunctiongraphOptions extends FgsFunctionServiceOptions {
  readonly aliases: AliasService;
  readonly invocations: InvocationService;
  readonly calls: CallService;
  readonly asyncConfigs: AsyncConfigService;
  readonly reserved: ReservedService;
  readonly uniqueId: () => string;
  readonly dependencies: DependencyService;
}

export function functiongraphServices(options: FunctiongraphOptions): FgsServices {
  const { aliases, asyncConfigs, calls, clock, invocations, publishing, reserved, store, trail, uniqueId } = options;
  const functions = new FgsFunctionService(options);
  return {
    fgsFunctions: functions,
    fgsAliases: new FgsAliasService({ store, functions, aliases }),
    fgsInvocation: new FgsInvocation({ store, functions, invocations, uniqueId, clock }),
    fgsTestEvents: new FgsTestEvents({ functions, uniqueId, clock }),
    fgsAsync: new FgsAsync({ functions, calls, configs: asyncConfigs, uniqueId, trail }),
    fgsSnapshot: new FgsSnapshot({ store, functions, publishing }),
    fgsTags: new FgsTags(functions),
    fgsTransfer: new FgsTransfer(functions),
    fgsDependencies: new FgsDependencies(options),
    fgsQuotas: new FgsQuotas(new QuotaService(store)),
    fgsTriggers: new FgsTriggers({ functions, uniqueId, clock }),
    fgsReserved: new FgsReserved({ store, functions, reserved }),
  };
}
