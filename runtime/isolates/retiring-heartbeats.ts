/** Heartbeats of an engine's instances: misses are counted with their version, and an instance that missed too many is retired. */
import type { RuntimeEnvironment } from "../runtime-environment.ts";
import { HeartbeatWatch } from "./heartbeat-watch.ts";
import type { Instance } from "./instance.ts";
import { retire, type LoadedVersion } from "./loaded-version.ts";

export interface RetiringHeartbeatsOptions {
  readonly environment: RuntimeEnvironment;
  /** Undefined: it is gone. */
  readonly loadedOf: (instance: Instance) => LoadedVersion | undefined;
  readonly onBeat: () => void;
  /** It is about to be retired. */
  readonly onRetiring: (instance: Instance, reason: string) => void;
}

export function retiringHeartbeats(options: RetiringHeartbeatsOptions): HeartbeatWatch<Instance> {
  const { environment, loadedOf, onBeat, onRetiring } = options;
  return new HeartbeatWatch<Instance>({
    environment,
    onBeat,
    onMiss: (instance) => {
      const loaded = loadedOf(instance);
      if (loaded !== undefined) loaded.heartbeatMisses += 1;
    },
    onRetire: (instance, reason) => {
      const loaded = loadedOf(instance);
      if (loaded === undefined) return;
      onRetiring(instance, reason);
      retire(instance, loaded);
    },
  });
}
