/**
 * The settings of a node: which there are, where they come from, what is allowed.
 *
 * Read once at start from flags, `SELVAGE_*` variables and the file's section `node`; everything wrong is reported together. Invariant:
 * nothing else of a node reads arguments, environment or configuration file, and the value is frozen.
 */
import { readFileSync } from "node:fs";
import { availableParallelism, hostname } from "node:os";
import path from "node:path";
import { readConfigFile } from "../sdk/config-file.ts";
import { connectionLimits, nodeLimits } from "../sdk/limits.ts";
import type { Parsed, Problem } from "../sdk/problem.ts";
import { describeFlags, parseCommandLine } from "../sdk/setting-flags.ts";
import { parseSettings, type Setting, type Settings, type SettingSources } from "../sdk/settings.ts";
import { accessLogPlace, type AccessLogPlace } from "./access-log/access-log-place.ts";
import type { LogThreshold } from "./logger.ts";
import { checkDiskCache, diskCacheMiBMax, diskCacheMiBMin } from "./settings/check-disk-cache.ts";
import { checkNetworks } from "./settings/check-networks.ts";
import { hostSettings } from "./settings/host-settings.ts";
import { nameOfMachine } from "./settings/name-of-machine.ts";
import { readNodeToken } from "./settings/read-node-token.ts";
import { readText } from "./settings/read-text.ts";

const networkListMax = 64;
const networkKeys = ["egressAllowNetworks", "originAllowNetworks", "trustedProxyNetworks"] as const;

const definitions = [
  {
    key: "name",
    kind: "string",
    environment: "SELVAGE_NODE_NAME",
    flag: "name",
    default: null,
    allowed: {
      pattern: /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/,
      text: 'letters, digits, ".", "_", "-", at most 63 characters, first a letter or digit',
    },
    description: "Name of this node, unique in the fleet; the machine's name when absent.",
  },
  {
    key: "control",
    kind: "string",
    environment: "SELVAGE_CONTROL",
    flag: "control",
    default: "http://127.0.0.1:8700",
    allowed: {
      pattern: /^https?:\/\/[^\s/@?#]+(?:\/[^\s?#]*)?$/,
      text: "an http or https URL without user, query and fragment",
    },
    description: "URL of the control plane.",
  },
  {
    key: "token",
    kind: "string",
    environment: "SELVAGE_NODE_TOKEN",
    flag: "token",
    default: null,
    secret: true,
    allowed: { pattern: /^[\x21-\x7e]{1,512}$/, text: "1..512 printable characters without blanks" },
    description: "This node's token; better from the variable or a file than from a flag.",
  },
  {
    key: "tokenFile",
    kind: "string",
    environment: "SELVAGE_NODE_TOKEN_FILE",
    flag: "token-file",
    default: null,
    description: "File that holds the token.",
  },
  {
    key: "data",
    kind: "string",
    environment: "SELVAGE_NODE_DATA",
    flag: "data",
    default: "data/node",
    description: "Folder for artifacts and the last known good state.",
  },
  {
    key: "host",
    kind: "string",
    environment: "SELVAGE_NODE_HOST",
    flag: "host",
    default: "0.0.0.0",
    description: "Address the edge listens on.",
  },
  {
    key: "port",
    kind: "integer",
    environment: "SELVAGE_NODE_PORT",
    flag: "port",
    default: 8080,
    min: 0,
    max: 65_535,
    description: "Port the edge listens on; 0 takes a free one.",
  },
  {
    key: "tlsHost",
    kind: "string",
    environment: "SELVAGE_NODE_TLS_HOST",
    flag: "tls-host",
    default: null,
    description: "Address the edge listens on for TLS; `host` when absent.",
  },
  {
    key: "tlsPort",
    kind: "integer",
    environment: "SELVAGE_NODE_TLS_PORT",
    flag: "tls-port",
    default: null,
    min: 0,
    max: 65_535,
    description: "Port of HTTP/2 and HTTP/1.1 over TLS; 0 takes a free one; off when absent.",
  },
  {
    key: "adminHost",
    kind: "string",
    environment: "SELVAGE_NODE_ADMIN_HOST",
    flag: "admin-host",
    default: "127.0.0.1",
    description: "Address of /healthz and /metrics.",
  },
  {
    key: "adminPort",
    kind: "integer",
    environment: "SELVAGE_NODE_ADMIN_PORT",
    flag: "admin-port",
    default: 8081,
    min: 0,
    max: 65_535,
    description: "Port of /healthz and /metrics; 0 takes a free one.",
  },
  {
    key: "fronts",
    kind: "integer",
    environment: "SELVAGE_NODE_FRONTS",
    flag: "fronts",
    default: null,
    min: 1,
    max: 256,
    description: "Front processes; half of the cores when absent.",
  },
  ...hostSettings,
  {
    key: "warmInstances",
    kind: "integer",
    environment: "SELVAGE_NODE_WARM_INSTANCES",
    flag: "warm-instances",
    default: 1,
    min: 0,
    max: 16,
    description: "Instances of each version that are started before the node serves it; 0: with the first request.",
  },
  {
    key: "spareInstances",
    kind: "integer",
    environment: "SELVAGE_NODE_SPARE_INSTANCES",
    flag: "spare-instances",
    default: nodeLimits.sparesDefault,
    min: 0,
    max: 64,
    description: "Isolates kept ready for any function in each isolate host.",
  },
  {
    key: "snapshots",
    kind: "choice",
    environment: "SELVAGE_NODE_SNAPSHOTS",
    flag: "snapshots",
    default: "on",
    values: ["on", "off"],
    description: "Whether instances start from their version's snapshot where that is faster than running its code.",
  },
  {
    key: "cacheMiB",
    kind: "integer",
    environment: "SELVAGE_NODE_CACHE_MIB",
    flag: "cache-mib",
    default: 256,
    min: 0,
    max: 1_048_576,
    description: "Memory of the cache, shared out among the fronts.",
  },
  {
    key: "diskCacheMiB",
    kind: "integer",
    environment: "SELVAGE_NODE_DISK_CACHE_MIB",
    flag: "disk-cache-mib",
    default: 1_024,
    min: 0,
    max: diskCacheMiBMax,
    description: `Disk of the cache, one for all fronts; 0: none, else at least ${diskCacheMiBMin}.`,
  },
  {
    key: "diskCacheFolder",
    kind: "string",
    environment: "SELVAGE_NODE_DISK_CACHE_FOLDER",
    flag: "disk-cache-folder",
    default: null,
    description: "Folder of the cache on disk, of this node alone; `cache` in the data folder when absent.",
  },
  {
    key: "diskCacheMinUses",
    kind: "integer",
    environment: "SELVAGE_NODE_DISK_CACHE_MIN_USES",
    flag: "disk-cache-min-uses",
    default: 2,
    min: 1,
    max: 100,
    description: "An answer that memory holds is written to the disk with its so-manieth use; 1: at once.",
  },
  {
    key: "egressAllowNetworks",
    kind: "list",
    environment: "SELVAGE_NODE_EGRESS_ALLOW_NETWORKS",
    flag: "egress-allow-networks",
    default: [],
    itemsMax: networkListMax,
    description: "CIDR networks beside public addresses that functions may reach.",
  },
  {
    key: "originAllowNetworks",
    kind: "list",
    environment: "SELVAGE_NODE_ORIGIN_ALLOW_NETWORKS",
    flag: "origin-allow-networks",
    default: [],
    itemsMax: networkListMax,
    description: "CIDR networks beside public addresses that origins may be in.",
  },
  {
    key: "trustedProxyNetworks",
    kind: "list",
    environment: "SELVAGE_NODE_TRUSTED_PROXY_NETWORKS",
    flag: "trusted-proxy-networks",
    default: [],
    itemsMax: networkListMax,
    description: "CIDR networks of proxies whose X-Forwarded-For and X-Forwarded-Proto are believed.",
  },
  {
    key: "connectionsMax",
    kind: "integer",
    environment: "SELVAGE_NODE_CONNECTIONS_MAX",
    flag: "connections-max",
    ...connectionLimits.perFront,
    description: "Connections of clients to one front; one more is closed at once.",
  },
  {
    key: "connectionsPerAddressMax",
    kind: "integer",
    environment: "SELVAGE_NODE_CONNECTIONS_PER_ADDRESS_MAX",
    flag: "connections-per-address-max",
    ...connectionLimits.perAddress,
    description: "Connections of one client address (IPv6: /64 network) to the node; trusted proxies may have more.",
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
  {
    key: "accessLog",
    kind: "string",
    environment: "SELVAGE_NODE_ACCESS_LOG",
    flag: "access-log",
    default: null,
    description:
      "Where the answers of domains with access_log are logged: off, stdout or a file; access.log in the data folder when absent.",
  },
  {
    key: "drainMs",
    kind: "integer",
    environment: "SELVAGE_NODE_DRAIN_MS",
    flag: "drain-ms",
    default: nodeLimits.drainMs,
    min: 0,
    max: 3_600_000,
    description: "Longest wait for requests in flight when stopping, milliseconds.",
  },
] as const satisfies readonly Setting[];

type Raw = Settings<typeof definitions>;

/** The settings of `selvage node`, for its help text and for whoever starts a node with flags. */
export const nodeSettings: readonly Setting[] = definitions;

/** A node's settings, complete and valid; the definitions above say what each is. */
export interface NodeConfig {
  readonly name: string;
  readonly control: string;
  readonly token: string;
  /** Absolute. */
  readonly data: string;
  readonly host: string;
  readonly port: number;
  /** Null: as `host`. */
  readonly tlsHost: string | null;
  /** Null: off. */
  readonly tlsPort: number | null;
  readonly adminHost: string;
  readonly adminPort: number;
  readonly fronts: number;
  readonly driver: "process" | "in-process";
  readonly hosts: number;
  readonly hostMemoryMiB: number;
  readonly reservedMemoryMiB: number;
  readonly sandbox: "auto" | "required" | "off";
  readonly warmInstances: number;
  readonly spareInstances: number;
  readonly snapshots: "on" | "off";
  readonly cacheMiB: number;
  /** 0: no cache on disk. */
  readonly diskCacheMiB: number;
  /** Absolute. */
  readonly diskCacheFolder: string;
  readonly diskCacheMinUses: number;
  readonly egressAllowNetworks: readonly string[];
  readonly originAllowNetworks: readonly string[];
  readonly trustedProxyNetworks: readonly string[];
  readonly connectionsMax: number;
  readonly connectionsPerAddressMax: number;
  readonly logLevel: LogThreshold;
  readonly accessLog: AccessLogPlace;
  readonly drainMs: number;
}

/** What the settings are read from; `processInputs` for real ones. */
export interface ConfigInputs {
  /** Without program and script. */
  readonly arguments: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly hostname: string;
  readonly cores: number;
  /** Throws when the file cannot be read. */
  readonly readFile: (file: string) => string;
}

export type NodeConfigResult =
  | { readonly kind: "config"; readonly config: NodeConfig }
  | { readonly kind: "help"; readonly text: string }
  | { readonly kind: "invalid"; readonly problems: readonly Problem[] };

/** Reads the node's settings. Never throws for what is in the inputs. */
export function readNodeConfig(inputs: ConfigInputs): NodeConfigResult {
  const line = parseCommandLine(nodeSettings, inputs.arguments);
  if (line.ok && line.value.help) return { kind: "help", text: describeFlags(nodeSettings) };
  const file: Parsed<unknown> =
    line.ok && line.value.config !== null ? readSection(line.value.config, inputs) : { ok: true, value: undefined };
  const sources: SettingSources = {
    file: file.ok ? file.value : undefined,
    section: "node",
    environment: inputs.environment,
    flags: line.ok ? line.value.flags : {},
  };
  const settings = parseSettings(definitions, sources);
  const token = readNodeToken(sources, { settings: definitions, readText: (file) => readText(file, inputs.readFile) });
  const networks = networkKeys.flatMap((key) => checkNetworks(key, { settings: definitions, sources }));
  const further = [...networks, ...(settings.ok ? checkDiskCache(settings.value.diskCacheMiB) : [])];
  if (line.ok && file.ok && settings.ok && token.ok && further.length === 0) {
    return { kind: "config", config: complete(settings.value, { token: token.value, inputs }) };
  }
  const problems = [line, file, settings, token].flatMap((parsed) => (parsed.ok ? [] : parsed.problems));
  return { kind: "invalid", problems: [...problems, ...further] };
}

/** This process's arguments, environment and machine. */
export function processInputs(): ConfigInputs {
  return {
    arguments: process.argv.slice(2),
    environment: process.env,
    hostname: hostname(),
    cores: availableParallelism(),
    readFile: (file) => readFileSync(file, "utf8"),
  };
}

function complete(
  settings: Raw,
  { token, inputs }: { readonly token: string; readonly inputs: ConfigInputs },
): NodeConfig {
  const { name, token: _token, tokenFile: _tokenFile, fronts, ...rest } = settings;
  const data = path.resolve(rest.data);
  return Object.freeze({
    ...rest,
    data,
    diskCacheFolder: path.resolve(rest.diskCacheFolder ?? path.join(data, "cache")),
    accessLog: accessLogPlace(rest.accessLog, rest.data),
    name: name ?? nameOfMachine(inputs.hostname),
    token,
    fronts: fronts ?? Math.max(1, Math.floor(inputs.cores / 2)),
  });
}

function readSection(file: string, inputs: ConfigInputs): Parsed<unknown> {
  const text = readText(file, inputs.readFile);
  if (!text.ok) return text;
  const sections = readConfigFile(text.value, file);
  return sections.ok ? { ok: true, value: sections.value.node } : sections;
}
