/**
 * The settings of the control plane: which there are, where they come from, what is allowed.
 *
 * Read once at start from flags, variables and the file's section `controlPlane`; everything wrong is reported together. Invariant: nothing else
 * of the control plane reads arguments, environment or configuration file, and the value is frozen.
 */
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { readConfigFile } from "../sdk/config-file.ts";
import { createEgressPolicy } from "../sdk/egress-policy.ts";
import { controlAccessLimits } from "../sdk/control-access-limits.ts";
import type { Parsed, Problem } from "../sdk/problem.ts";
import { describeFlags, parseCommandLine } from "../sdk/setting-flags.ts";
import { parseSettings, type Setting, type Settings } from "../sdk/settings.ts";
import { natsAddressText, parseNatsAddress } from "./calls/nats-address.ts";
import { createLogger, type LogThreshold } from "./logger.ts";
import { systemClock } from "./clock.ts";
import type { ControlPlaneDependencies } from "./server.ts";
import { tokenCharsMax } from "./tokens/token-text.ts";

const definitions = [
  {
    key: "host",
    kind: "string",
    environment: "SELVAGE_CONTROL_PLANE_HOST",
    flag: "host",
    default: "127.0.0.1",
    description: "Address the REST API listens on.",
  },
  {
    key: "port",
    kind: "integer",
    environment: "SELVAGE_CONTROL_PLANE_PORT",
    flag: "port",
    default: 8700,
    min: 0,
    max: 65_535,
    description: "Port of the REST API; 0 takes a free one.",
  },
  {
    key: "data",
    kind: "string",
    environment: "SELVAGE_CONTROL_PLANE_DATA",
    flag: "data",
    default: "data/control-plane",
    description: "Folder for the store, artifacts, keys and the local nodes' token.",
  },
  {
    key: "store",
    kind: "string",
    environment: "SELVAGE_CONTROL_PLANE_STORE",
    flag: "store",
    default: null,
    secret: true,
    allowed: {
      pattern: /^postgres(?:ql)?:\/\/[\x21-\x7e]{1,2000}$/,
      text: "postgres://USER:PASSWORD@HOST:PORT/DATABASE, with ?sslmode=verify-full where the network is not trusted",
    },
    description:
      "PostgreSQL database for store and artifacts, shared by several control planes; files in the data folder when absent. Better a variable than a flag, which others on the machine may read.",
  },
  {
    key: "masterKeyFile",
    kind: "string",
    environment: "SELVAGE_CONTROL_PLANE_MASTER_KEY_FILE",
    flag: "master-key-file",
    default: null,
    description:
      "File of the key that secrets are encrypted under, mode 600; master.key in the data folder when absent.",
  },
  {
    key: "destinationAllowNetworks",
    kind: "list",
    environment: "SELVAGE_DESTINATION_ALLOW_NETWORKS",
    flag: "destination-allow-networks",
    default: [],
    itemsMax: 64,
    description: "CIDR networks beside public addresses that HTTP destinations of asynchronous calls may be in.",
  },
  {
    key: "codeAllowNetworks",
    kind: "list",
    environment: "SELVAGE_CODE_ALLOW_NETWORKS",
    flag: "code-allow-networks",
    default: [],
    itemsMax: 64,
    description: "CIDR networks beside public addresses that code and dependencies may be fetched from by URL.",
  },
  {
    key: "callQueue",
    kind: "string",
    environment: "SELVAGE_CONTROL_PLANE_CALL_QUEUE",
    flag: "call-queue",
    default: null,
    secret: true,
    allowed: { pattern: /^(?:nats|tls):\/\/[\x21-\x7e]{1,2000}$/, text: natsAddressText },
    description:
      "NATS with JetStream for asynchronous calls, shared by the control planes of one PostgreSQL database; a file in the data folder when absent. Better a variable than a flag, which others on the machine may read.",
  },
  {
    key: "callQueueCredentialsFile",
    kind: "string",
    environment: "SELVAGE_CONTROL_PLANE_CALL_QUEUE_CREDENTIALS_FILE",
    flag: "call-queue-credentials-file",
    default: null,
    description: "File of credentials as NATS tools make it, instead of a login in the address.",
  },
  {
    key: "callQueueStream",
    kind: "string",
    environment: "SELVAGE_CONTROL_PLANE_CALL_QUEUE_STREAM",
    flag: "call-queue-stream",
    default: "SELVAGE_CALLS",
    allowed: { pattern: /^[A-Za-z0-9_-]{1,64}$/, text: '1..64 letters, digits, "_" and "-"' },
    description: "Name of the call queue's stream; those of the others begin with it.",
  },
  {
    key: "callQueueReplicas",
    kind: "integer",
    environment: "SELVAGE_CONTROL_PLANE_CALL_QUEUE_REPLICAS",
    flag: "call-queue-replicas",
    default: 1,
    min: 1,
    max: 5,
    description: "NATS servers that keep each call; 3 in a cluster of three.",
  },
  {
    key: "callQueueMaxMib",
    kind: "integer",
    environment: "SELVAGE_CONTROL_PLANE_CALL_QUEUE_MAX_MIB",
    flag: "call-queue-max-mib",
    default: 1_024,
    min: 16,
    max: 1_048_576,
    description:
      "Room in NATS for events of calls, as much for their states, and as much for queues that are destinations, MiB.",
  },
  {
    key: "backupFolder",
    kind: "string",
    environment: "SELVAGE_CONTROL_PLANE_BACKUP_FOLDER",
    flag: "backup-folder",
    default: null,
    description:
      "Folder for the backups of the embedded store, better on another disk; backups in the data folder when absent.",
  },
  {
    key: "backupEveryMinutes",
    kind: "integer",
    environment: "SELVAGE_CONTROL_PLANE_BACKUP_EVERY_MINUTES",
    flag: "backup-every-minutes",
    default: 60,
    min: 0,
    max: 10_080,
    description: "Minutes between two backups of the embedded store; 0: none.",
  },
  {
    key: "backupKeepDays",
    kind: "integer",
    environment: "SELVAGE_CONTROL_PLANE_BACKUP_KEEP_DAYS",
    flag: "backup-keep-days",
    default: 7,
    min: 1,
    max: 3_650,
    description: "Days that backups are kept; the newest one is always.",
  },
  {
    key: "auditKeepDays",
    kind: "integer",
    environment: "SELVAGE_CONTROL_PLANE_AUDIT_KEEP_DAYS",
    flag: "audit-keep-days",
    default: 7,
    min: 1,
    max: 3_650,
    description: "Days that audit records are kept.",
  },
  {
    key: "adminToken",
    kind: "string",
    environment: "SELVAGE_ADMIN_TOKEN",
    flag: "admin-token",
    default: null,
    secret: true,
    allowed: {
      pattern: new RegExp(`^[\\x21-\\x7e]{16,${String(tokenCharsMax)}}$`),
      text: `16..${String(tokenCharsMax)} printable ASCII characters without blanks`,
    },
    description: "Administrator token of the first start; one is made and printed when absent. Ignored later.",
  },
  {
    key: "requestsPerAddress",
    kind: "integer",
    environment: "SELVAGE_CONTROL_PLANE_REQUESTS_PER_ADDRESS",
    flag: "requests-per-address",
    ...controlAccessLimits.requestsPerAddress,
    description: "Requests of one address in a second; more are answered 429.",
  },
  {
    key: "requestsPerToken",
    kind: "integer",
    environment: "SELVAGE_CONTROL_PLANE_REQUESTS_PER_TOKEN",
    flag: "requests-per-token",
    ...controlAccessLimits.requestsPerToken,
    description: "Requests with one token (but nodes') in a second; more are answered 429.",
  },
  {
    key: "wrongTokensPerAddress",
    kind: "integer",
    environment: "SELVAGE_CONTROL_PLANE_WRONG_TOKENS_PER_ADDRESS",
    flag: "wrong-tokens-per-address",
    ...controlAccessLimits.wrongTokensPerAddress,
    description:
      "Wrong tokens from one address in a minute; more are answered 429, and so are tokens that operators chose.",
  },
  {
    key: "logLevel",
    kind: "choice",
    environment: "SELVAGE_LOG_LEVEL",
    flag: "log-level",
    default: "info",
    values: ["debug", "info", "warn", "error", "silent"],
    description: "Least severe lines in the log.",
  },
] as const satisfies readonly Setting[];

type Raw = Settings<typeof definitions>;

/** The settings of `selvage control-plane`, for its help text and for whoever starts one with flags. */
export const controlPlaneSettings: readonly Setting[] = definitions;

/** Complete and valid; the definitions above say what each is. */
export interface ControlPlaneConfig {
  readonly host: string;
  readonly port: number;
  /** Absolute. */
  readonly data: string;
  /** Absolute. */
  readonly masterKeyFile: string;
  readonly destinationAllowNetworks: readonly string[];
  readonly codeAllowNetworks: readonly string[];
  /** Of a PostgreSQL database, with its password; null: the embedded store. */
  readonly store: string | null;
  /** Of NATS with JetStream, with its login; null: the embedded queue. */
  readonly callQueue: string | null;
  /** Absolute. */
  readonly callQueueCredentialsFile: string | null;
  readonly callQueueStream: string;
  readonly callQueueReplicas: number;
  readonly callQueueMaxMib: number;
  /** Absolute. */
  readonly backupFolder: string;
  /** 0: none. */
  readonly backupEveryMinutes: number;
  readonly backupKeepDays: number;
  readonly auditKeepDays: number;
  readonly adminToken: string | null;
  readonly requestsPerAddress: number;
  readonly requestsPerToken: number;
  readonly wrongTokensPerAddress: number;
  readonly logLevel: LogThreshold;
}

/** What the settings are read from; `processInputs` for real ones. */
export interface ConfigInputs {
  /** Without program and script. */
  readonly arguments: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Throws when the file cannot be read. */
  readonly readFile: (file: string) => string;
}

export type ControlPlaneConfigResult =
  | { readonly kind: "config"; readonly config: ControlPlaneConfig }
  | { readonly kind: "help"; readonly text: string }
  | { readonly kind: "invalid"; readonly problems: readonly Problem[] };

/** Reads the settings. Never throws for what is in the inputs. */
export function readControlPlaneConfig(inputs: ConfigInputs): ControlPlaneConfigResult {
  const line = parseCommandLine(controlPlaneSettings, inputs.arguments);
  if (line.ok && line.value.help) return { kind: "help", text: describeFlags(controlPlaneSettings) };
  const file = line.ok ? readSection(line.value.config, inputs) : nothing;
  const settings = parseSettings(definitions, {
    file: file.ok ? file.value : undefined,
    section: "controlPlane",
    environment: inputs.environment,
    flags: line.ok ? line.value.flags : {},
  });
  const problems = [line, file, settings].flatMap((parsed) => (parsed.ok ? [] : parsed.problems));
  if (settings.ok) problems.push(...checkNetworks(settings.value), ...checkCallQueue(settings.value));
  if (settings.ok && problems.length === 0) return { kind: "config", config: complete(settings.value) };
  return { kind: "invalid", problems };
}

/** This process's arguments and environment. */
export function processInputs(): ConfigInputs {
  return {
    arguments: process.argv.slice(2),
    environment: process.env,
    readFile: (file) => readFileSync(file, "utf8"),
  };
}

/** What a control plane in this process runs on. */
export function processDependencies({ logLevel }: Pick<ControlPlaneConfig, "logLevel">): ControlPlaneDependencies {
  return {
    clock: systemClock,
    logger: createLogger({ level: logLevel, fields: { process: "control-plane" } }),
    announce: (text) => {
      process.stdout.write(`${text}\n`);
    },
    nodePath: process.execPath,
  };
}

function checkNetworks(settings: Raw): readonly Problem[] {
  return (["destinationAllowNetworks", "codeAllowNetworks"] as const).flatMap((path) => {
    try {
      createEgressPolicy({ allowNetworks: settings[path] });
      return [];
    } catch (error) {
      return [{ path, message: (error as Error).message }];
    }
  });
}

function checkCallQueue({ callQueue, callQueueCredentialsFile: file }: Raw): readonly Problem[] {
  const problem = (path: string, message: string): readonly Problem[] => [{ path, message }];
  if (callQueue === null) {
    return file === null ? [] : problem("callQueueCredentialsFile", "received one, allowed: beside callQueue only");
  }
  const address = parseNatsAddress(callQueue);
  // The value may hold a password.
  if (address === null) return problem("callQueue", `received something else, allowed: ${natsAddressText}`);
  if (file === null || address.login.kind === "none") return [];
  return problem("callQueueCredentialsFile", "received one beside a login in callQueue, allowed: one of them");
}

const nothing: Parsed<unknown> = { ok: true, value: undefined };

function complete({ masterKeyFile, backupFolder, data, callQueueCredentialsFile, ...rest }: Raw): ControlPlaneConfig {
  const folder = resolve(data);
  const keyFile = masterKeyFile === null ? join(folder, "master.key") : resolve(masterKeyFile);
  const backups = backupFolder === null ? join(folder, "backups") : resolve(backupFolder);
  const credentials = callQueueCredentialsFile === null ? null : resolve(callQueueCredentialsFile);
  const files = { masterKeyFile: keyFile, backupFolder: backups, callQueueCredentialsFile: credentials };
  return Object.freeze({ ...rest, data: folder, ...files });
}

function readSection(file: string | null, inputs: ConfigInputs): Parsed<unknown> {
  if (file === null) return nothing;
  let text: string;
  try {
    text = inputs.readFile(file);
  } catch (error) {
    const message = `cannot be read: ${error instanceof Error ? error.message : String(error)}`;
    return { ok: false, problems: [{ path: file, message }] };
  }
  const sections = readConfigFile(text, file);
  return sections.ok ? { ok: true, value: sections.value.controlPlane } : sections;
}
