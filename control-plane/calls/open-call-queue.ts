/** Opens the call queue that the settings name: a file of this control plane's own, or streams of NATS that several share. */
import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "../clock.ts";
import type { ControlPlaneConfig } from "../config.ts";
import type { Logger } from "../logger.ts";
import type { CallQueue } from "./call-queue.ts";
import { openJetstreamCallQueue } from "./jetstream-call-queue.ts";
import { parseNatsAddress, type NatsLogin } from "./nats-address.ts";
import { openSqliteCallQueue } from "./sqlite-call-queue.ts";

export interface CallQueueOptions {
  /** Its data folder exists. */
  readonly config: Pick<
    ControlPlaneConfig,
    "data" | "callQueue" | "callQueueCredentialsFile" | "callQueueStream" | "callQueueReplicas" | "callQueueMaxMib"
  >;
  /** Of whose store functions are; control planes on the same store have the same. */
  readonly owner: string;
  readonly clock: Clock;
  readonly logger: Logger;
}

const MiB = 1_048_576;

/** The caller closes it. @throws when the file is in use or unusable, or NATS cannot be used as it is set. */
export async function openCallQueue({ config, owner, clock, logger }: CallQueueOptions): Promise<CallQueue> {
  if (config.callQueue === null) return openSqliteCallQueue({ file: join(config.data, "calls.sqlite"), clock });
  const address = parseNatsAddress(config.callQueue);
  if (address === null) throw new Error("Cannot open the call queue: its address is none");
  const login = await readLogin(config.callQueueCredentialsFile);
  return openJetstreamCallQueue({
    address: login === null ? address : { ...address, login },
    stream: config.callQueueStream,
    replicas: config.callQueueReplicas,
    bytesMax: config.callQueueMaxMib * MiB,
    owner,
    clock,
    logger,
    uniqueId: randomUUID,
  });
}

async function readLogin(file: string | null): Promise<NatsLogin | null> {
  if (file === null) return null;
  try {
    return { kind: "file", bytes: await readFile(file) };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`Cannot read the call queue's credentials: ${reason}`, { cause: error });
  }
}
