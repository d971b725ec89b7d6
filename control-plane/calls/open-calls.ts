/** Everything about asynchronous calls put together: the queue in the data folder, who hands calls out, and who sends their records. */
import { join } from "node:path";
import packageJson from "../../package.json" with { type: "json" };
import { createEgressPolicy } from "../../sdk/egress-policy.ts";
import type { Clock } from "../clock.ts";
import type { ControlPlaneConfig } from "../config.ts";
import type { Logger } from "../logger.ts";
import type { Fleet } from "../rollout/fleet.ts";
import type { Store } from "../store.ts";
import { CallDispatcher } from "./call-dispatcher.ts";
import { CallService } from "./call-service.ts";
import { CallTargets } from "./call-targets.ts";
import { DestinationSender } from "./destination-sender.ts";
import { HttpDestination } from "./http-destination.ts";
import { openSqliteCallQueue } from "./sqlite-call-queue.ts";

export interface CallsOptions {
  /** Its data folder exists. */
  readonly config: Pick<ControlPlaneConfig, "data" | "destinationAllowNetworks">;
  readonly store: Store;
  readonly fleet: Fleet;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly uniqueId: () => string;
}

export interface Calls {
  readonly service: CallService;
  readonly dispatcher: CallDispatcher;
  /** From now on calls are handed out and records sent. */
  start(): void;
  /** Waits for what is being stored. */
  close(): Promise<void>;
}

/** @throws when the queue's file is in use or unusable. */
export function openCalls({ config, store, fleet, clock, logger, uniqueId }: CallsOptions): Calls {
  const queue = openSqliteCallQueue({ file: join(config.data, "calls.sqlite"), clock });
  const targets = new CallTargets(store);
  const http = new HttpDestination({
    policy: createEgressPolicy({ allowNetworks: config.destinationAllowNetworks }),
    userAgent: `selvage/${packageJson.version}`,
  });
  const dispatcher = new CallDispatcher({
    queue,
    fleet,
    targets,
    clock,
    logger,
    onSending: () => {
      sender.wake();
    },
  });
  const wakeDispatcher = (): void => {
    dispatcher.wake();
  };
  const sender = new DestinationSender({ queue, targets, http, clock, logger, uniqueId, onAccepted: wakeDispatcher });
  return {
    service: new CallService({ queue, targets, onAccepted: wakeDispatcher }),
    dispatcher,
    start: () => {
      dispatcher.start();
      sender.start();
    },
    close: async () => {
      await Promise.all([dispatcher.close(), sender.close()]);
      await http.close();
      await queue.close();
    },
  };
}
