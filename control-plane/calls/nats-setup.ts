/** How NATS is reached, what its streams must be like, and what its errors mean. */
import {
  DiscardPolicy,
  JetStreamApiError,
  RetentionPolicy,
  StorageType,
  type JetStreamManager,
  type StreamConfig,
} from "@nats-io/jetstream";
import { connect, credsAuthenticator, nanos, type Authenticator, type NatsConnection } from "@nats-io/transport-node";
import type { StoreReason } from "../store-error.ts";
import type { NatsAddress, NatsLogin } from "./nats-address.ts";

export interface NatsSettings {
  readonly address: NatsAddress;
  /** Name of the stream of calls; `streamNames` has those of the others. Subjects begin with the name of their stream. */
  readonly stream: string;
  /** Servers that each message is stored on, 1, 3 or 5. */
  readonly replicas: number;
  /** What each of the streams may grow to; the server sets it aside. */
  readonly bytesMax: number;
  /** Whose calls these are: others may not share the streams. */
  readonly owner: string;
}

/** A message that was sent again within this time is stored once. */
export const duplicateMs = 600_000;
/** The largest message: a record with event and result, and its header. */
const payloadBytesMin = 786_432;
const connectMs = 5_000;
const pingMs = 10_000;
const reconnectMs = 250;

/** @throws Error that says why there is no connection; nothing secret is in it. */
export async function connectToNats({ address }: Pick<NatsSettings, "address">): Promise<NatsConnection> {
  const { servers, tls, login } = address;
  try {
    return await connect({
      name: "selvage control plane",
      servers: [...servers],
      ...(tls ? { tls: {} } : {}),
      ...loginOptions(login),
      timeout: connectMs,
      pingInterval: pingMs,
      maxReconnectAttempts: -1,
      reconnectTimeWait: reconnectMs,
      // A server that is being set up anew may refuse for a while.
      ignoreAuthErrorAbort: true,
      // A stack for each request costs as much as all else about it.
      noAsyncTraces: true,
    });
  } catch (error) {
    const reason = error instanceof Error ? error.message || error.name : String(error);
    throw new Error(`Cannot connect to NATS: ${reason}: received ${servers.join(",")}`, { cause: error });
  }
}

function loginOptions(login: NatsLogin): {
  readonly user?: string;
  readonly pass?: string;
  readonly token?: string;
  readonly authenticator?: Authenticator;
} {
  switch (login.kind) {
    case "none":
      return {};
    case "user":
      return { user: login.user, pass: login.password };
    case "token":
      return { token: login.token };
    case "file":
      return { authenticator: credsAuthenticator(login.bytes) };
  }
}

/** Makes the streams, or finds those that are there as they must be. @throws Error with what is wrong. */
export async function prepareStreams(
  admin: JetStreamManager,
  { settings, bytesMax: payloadBytes }: { readonly settings: NatsSettings; readonly bytesMax: number },
): Promise<void> {
  if (payloadBytes < payloadBytesMin) {
    const allowed = `allowed: at least ${String(payloadBytesMin)}`;
    throw new Error(`the server's max_payload is ${String(payloadBytes)}, ${allowed}`);
  }
  const { stream, replicas, bytesMax, owner } = settings;
  const names = streamNames(stream);
  const common = {
    description: `Selvage ${owner}`,
    num_replicas: replicas,
    storage: StorageType.File,
    retention: RetentionPolicy.Limits,
    // What does not fit is refused; what was stored is never dropped for it.
    discard: DiscardPolicy.New,
    allow_direct: true,
    max_bytes: bytesMax,
  };
  const newest = { ...common, max_msgs_per_subject: 1 };
  await prepareStream(admin, { ...newest, name: names.calls, subjects: [`${names.calls}.>`] });
  await prepareStream(admin, { ...newest, name: names.states, subjects: [`${names.states}.>`] });
  await prepareStream(admin, {
    ...common,
    name: names.queues,
    subjects: [`${names.queues}.*`],
    max_msgs_per_subject: -1,
    duplicate_window: nanos(duplicateMs),
  });
}

/** Events of calls; what became of calls, and who is alive; queues that are destinations. */
export function streamNames(stream: string): {
  readonly calls: string;
  readonly states: string;
  readonly queues: string;
} {
  return { calls: stream, states: `${stream}_STATES`, queues: `${stream}_QUEUES` };
}

type Wanted = Pick<
  StreamConfig,
  "name" | "subjects" | "description" | "num_replicas" | "max_bytes" | "max_msgs_per_subject"
> &
  Partial<StreamConfig>;

async function prepareStream(admin: JetStreamManager, wanted: Wanted): Promise<void> {
  const found = await admin.streams.info(wanted.name).catch((error: unknown) => {
    if (isApiError(error, apiCodes.streamNotFound)) return null;
    throw error;
  });
  if (found === null) {
    await admin.streams.add(wanted);
    return;
  }
  const { config } = found;
  if (config.description !== wanted.description) {
    throw new Error(
      `the stream ${wanted.name} belongs to another (${config.description ?? "without a description"}), allowed: one of its own`,
    );
  }
  const isFit =
    config.subjects.join() === wanted.subjects.join() && config.max_msgs_per_subject === wanted.max_msgs_per_subject;
  if (!isFit) throw new Error(`the stream ${wanted.name} has subjects or bounds that are not those of a call queue`);
  if (config.num_replicas !== wanted.num_replicas || config.max_bytes !== wanted.max_bytes) {
    const { num_replicas, max_bytes } = wanted;
    await admin.streams.update(wanted.name, { ...config, num_replicas, max_bytes });
  }
}

/** Beside what a store says: the last message was another; there is no such message. */
export type Outcome = "conflict" | "missing";

/** Error codes of JetStream (nats-server, server/errors.json). */
const apiCodes = {
  wrongLastSequence: 10_071,
  noMessage: 10_037,
  sequenceNotFound: 10_043,
  deleteFailed: 10_057,
  streamNotFound: 10_059,
  insufficientResources: 10_023,
  memoryExceeded: 10_028,
  storageExceeded: 10_047,
  storeFailed: 10_077,
} as const;

const reasons: ReadonlyMap<number, StoreReason | Outcome> = new Map<number, StoreReason | Outcome>([
  [apiCodes.wrongLastSequence, "conflict"],
  [apiCodes.noMessage, "missing"],
  [apiCodes.sequenceNotFound, "missing"],
  [apiCodes.deleteFailed, "missing"],
  [apiCodes.insufficientResources, "full"],
  [apiCodes.memoryExceeded, "full"],
  [apiCodes.storageExceeded, "full"],
  // "maximum bytes exceeded", "maximum messages exceeded", or what the file system said.
  [apiCodes.storeFailed, "full"],
]);

/** What an error of the NATS packages means. What did not come from JetStream itself is a connection that failed, or no answer in time. */
export function natsReasonOf(error: unknown): StoreReason | Outcome {
  if (!(error instanceof JetStreamApiError)) return "unavailable";
  return reasons.get(error.code) ?? "unavailable";
}

function isApiError(error: unknown, code: number): boolean {
  return error instanceof JetStreamApiError && error.code === code;
}
