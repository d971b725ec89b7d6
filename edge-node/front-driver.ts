/**
 * Builds the driver a front runs functions with: isolate hosts in processes of their own, or isolates in the front itself.
 *
 * Knows where the guest is and keeps this runtime's base snapshot in the data folder; knows no versions. Invariant: a base
 * snapshot that cannot be made or read costs start-up time, never the start.
 */
import { readFile } from "node:fs/promises";
import path from "node:path";
import type { Driver } from "../runtime/driver.ts";
import { parseGuestCode } from "../runtime/guest-code.ts";
import { LocalDriver } from "../runtime/local-driver.ts";
import { runtimeKey } from "../runtime/runtime-key.ts";
import { ensureBaseSnapshot } from "./hosts/base-snapshot.ts";
import { chooseSandbox } from "./hosts/choose-sandbox.ts";
import type { ContainmentReport } from "./hosts/containment-report.ts";
import { defaultGuestPath, hostFiles, HostProcess } from "./hosts/host-process.ts";
import { HostSet } from "./hosts/host-set.ts";
import { nodeRuntimeEnvironment } from "./hosts/node-runtime-environment.ts";
import { processPriority } from "./hosts/process-priority.ts";
import { residentMiB, usedCpuMs } from "./hosts/process-usage.ts";
import type { FrontSettings } from "./ipc.ts";
import type { Logger } from "./logger.ts";

export interface FrontDriver {
  readonly driver: Driver;
  /** What snapshots of functions have to be made for to be restored here. */
  readonly runtimeKey: string;
  /** What was contained so far; null where isolates live in the front. */
  readonly containment: () => ContainmentReport | null;
}

export interface FrontDriverOptions {
  readonly logger: Logger;
  /** Ends this process at once: V8 cannot go on (in-process driver). */
  readonly endProcess: () => void;
}

/** The started driver; its owner closes it. Throws when the guest is missing or the hosts do not start. */
export async function createDriver(
  settings: Pick<
    FrontSettings,
    "dataFolder" | "driver" | "hosts" | "hostMemoryMiB" | "restartShare" | "sandbox" | "spareInstances"
  >,
  { logger, endProcess }: FrontDriverOptions,
): Promise<FrontDriver> {
  const guestPath = defaultGuestPath;
  const guest = parseGuestCode(await readFile(guestPath, "utf8"));
  const baseSnapshotPath = await findBaseSnapshot(path.join(settings.dataFolder, "snapshots"), {
    guestPath,
    logger,
  });
  const environment = nodeRuntimeEnvironment((message) => {
    logger.error({ reason: message }, "isolate.catastrophe");
    endProcess();
  });
  const spares = settings.spareInstances;
  if (settings.driver === "process") {
    const sandbox = await chooseSandbox(settings.sandbox, {
      files: hostFiles(guestPath),
      logger,
    });
    const driver = new HostSet({
      startHost: (onEnd) => new HostProcess({ environment, guestPath, baseSnapshotPath, spares, sandbox }, onEnd),
      environment,
      logger,
      count: settings.hosts,
      restartShare: settings.restartShare,
      hostMemoryMiB: settings.hostMemoryMiB,
      rssMiB: residentMiB,
      cpuMs: usedCpuMs,
      priority: processPriority,
    });
    await driver.start();
    return { driver, runtimeKey: runtimeKey(guest), containment: () => driver.containment() };
  }
  const baseSnapshot = baseSnapshotPath === null ? null : await readFile(baseSnapshotPath);
  const driver = new LocalDriver({ environment, guest, baseSnapshot, spares });
  await driver.start();
  return { driver, runtimeKey: runtimeKey(guest), containment: () => null };
}

async function findBaseSnapshot(
  folder: string,
  { guestPath, logger }: { readonly guestPath: string; readonly logger: Logger },
): Promise<string | null> {
  try {
    return await ensureBaseSnapshot({ guestPath, folder });
  } catch (error) {
    logger.warn({ err: error }, "snapshot.base.failed");
    return null;
  }
}
