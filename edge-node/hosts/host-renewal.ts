/**
 * Renews shared hosts that hold much more memory than what lives in them needs: what was freed in pieces goes back to the system only with its
 * process. The one that stands by is given the versions first and takes over then; what still runs in the old one may finish.
 *
 * Invariant: a renewal that does not help is tried again after waits that double, unless many instances ended in the host, whose leavings it is then large
 * of, and no other host is ending; renewals of a home take a fiftieth of the time at most; nothing is renewed while no other process stands by.
 */
import type { RuntimeEnvironment } from "../../runtime/runtime-environment.ts";
import type { RunnableVersion } from "../../runtime/driver.ts";
import type { EndingHosts } from "./ending-hosts.ts";
import type { HostSlot } from "./host-slot.ts";
import type { HostSupply } from "./host-supply.ts";
import type { IsolateHost } from "./isolate-host.ts";

export const renewalTimes = {
  /** Memory of a shared host that nobody asks about, and what each instance may add to it, MiB. */
  leanMiB: 128,
  leanMiBPerInstance: 4,
  /** Looks in a row that found more. */
  looks: 20,
  /** From one renewal of a home to the next at least; twice as long each time when it became large again soon. */
  waitMsMin: 30_000,
  waitMsMax: 21_600_000,
  /** Instances that ended in a host: so many leave enough behind to be renewed for after the least wait. */
  instancesGone: 16,
  /** Every wait is at least so many times what it took to get the versions ready. */
  waitPerPrepared: 50,
  /** To get its versions ready. */
  prepareMsMax: 5_000,
  /** For requests and sockets in the old one. */
  graceMs: 600_000,
} as const;

interface Home {
  large: number;
  renewedMs: number;
  waitMs: number;
  /** What the last renewal took. */
  preparedMs: number;
}

export interface HostRenewalOptions {
  readonly supply: HostSupply;
  readonly ending: EndingHosts;
  readonly environment: Pick<RuntimeEnvironment, "nowMs" | "startTimer">;
}

export class HostRenewal {
  readonly #options: HostRenewalOptions;
  readonly #homes = new Map<string, Home>();

  constructor(options: HostRenewalOptions) {
    this.#options = options;
  }

  /** One look at a shared home's host. `versions`: what was used of late, to be made ready in the new one. */
  look(
    slot: HostSlot,
    { rssMiB, versions }: { readonly rssMiB: number; readonly versions: () => RunnableVersion[] },
  ): void {
    const { host, home } = slot;
    if (host === null) return;
    const { waitMsMin, waitMsMax, instancesGone, waitPerPrepared } = renewalTimes;
    const known = this.#homes.get(home.id) ?? { large: 0, renewedMs: -Infinity, waitMs: waitMsMin, preparedMs: 0 };
    this.#homes.set(home.id, known);
    const allowedMiB = renewalTimes.leanMiB + host.driver.instances * renewalTimes.leanMiBPerInstance;
    known.large = rssMiB > allowedMiB ? known.large + 1 : 0;
    const sinceMs = this.#options.environment.nowMs() - known.renewedMs;
    // Whoever has instances ended on purpose must not pile up processes that others' sockets keep.
    const isLeavings = host.driver.instancesGone >= instancesGone && this.#options.ending.isEmpty;
    const waitMs = Math.max(isLeavings ? waitMsMin : known.waitMs, known.preparedMs * waitPerPrepared);
    if (known.large < renewalTimes.looks || sinceMs < waitMs) return;
    if (this.#options.supply.standby === null) return;
    if (!isLeavings) known.waitMs = sinceMs > known.waitMs * 4 ? waitMsMin : Math.min(waitMsMax, known.waitMs * 2);
    known.renewedMs = this.#options.environment.nowMs();
    known.large = 0;
    this.#options.supply.take(
      (fresh) => void this.#replace(slot, { old: host, fresh, versions: versions(), renewed: known }),
      { canWait: false },
    );
  }

  async #replace(
    slot: HostSlot,
    {
      old,
      fresh,
      versions,
      renewed,
    }: {
      readonly old: IsolateHost;
      readonly fresh: IsolateHost;
      readonly versions: RunnableVersion[];
      readonly renewed: Home;
    },
  ): Promise<void> {
    const { ending, environment } = this.#options;
    const startedMs = environment.nowMs();
    await this.#prepare(fresh, versions);
    renewed.preparedMs = environment.nowMs() - startedMs;
    // Either may have ended meanwhile, and the home may have got another.
    if (slot.host !== old || fresh.ended || ending.has(fresh)) {
      ending.add(fresh, { graceMs: 0 });
      return;
    }
    slot.retire();
    slot.use(fresh);
    ending.add(old, { graceMs: renewalTimes.graceMs });
  }

  #prepare({ driver }: IsolateHost, versions: readonly RunnableVersion[]): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#options.environment.startTimer(renewalTimes.prepareMsMax, resolve);
      const warming = versions.map(async (version) => {
        await driver.load(version);
        await driver.warm(version.key, 1);
      });
      void Promise.all(warming).then(() => {
        cancel();
        resolve();
      });
    });
  }
}
