/** Everything about asynchronous calls put together: the queue, who hands calls out, and who sends their records. */
import packageJson from "../../package.json" with { type: "json" };
import { createEgressPolicy } from "../../sdk/egress-policy.ts";
import type { Clock } from "../clock.ts";
import type { ControlPlaneConfig } from "../config.ts";
import type { Logger } from "../logger.ts";
import type { Replicas } from "../replicas/replicas.ts";
import type { Fleet } from "../rollout/fleet.ts";
import type { Store } from "../store.ts";
import type { CallQueue } from "./call-queue.ts";
import { CallDispatcher } from "./call-dispatcher.ts";
import { CallResultsIntake } from "./call-results.ts";
import { CallService } from "./call-service.ts";
import { CallTargets } from "./call-targets.ts";
import { DestinationSender } from "./destination-sender.ts";
import { HttpDestination } from "./http-destination.ts";

export interface CallsOptions {
  readonly config: Pick<ControlPlaneConfig, "destinationAllowNetworks">;
  readonly queue: CallQueue;
  readonly store: Store;
  readonly fleet: Fleet;
  readonly replicas: Replicas;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly uniqueId: () => string;
}

export interface Calls {
  readonly service: CallService;
  readonly results: CallResultsIntake;
  /** From now on calls are handed out and records sent. */
  start(): void;
  /** Waits for what is being stored, and closes the queue. */
  close(): Promise<void>;
}

export function openCalls({ config, queue, store, fleet, replicas, clock, logger, uniqueId }: CallsOptions): Calls {
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
  queue.onElsewhere(() => {
    dispatcher.wake();
    sender.wake();
  });
  return {
    service: new CallService({ queue, targets, onAccepted: wakeDispatcher }),
    results: new CallResultsIntake(dispatcher, replicas),
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
