/**
 * What `selvage start` has to know of the two processes it starts: where they listen and where the node finds its token.
 *
 * Reads the same sources as they do (flag, variable, file, default) for just these settings; everything else, and every
 * problem with them, is theirs.
 */
import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { readConfigFile } from "../config-file.ts";
import type { CliContext } from "./cli-context.ts";
import { refusal } from "./exit-code.ts";

export interface StartOptions {
  readonly config?: string;
  readonly data?: string;
  readonly controlPort?: number;
  readonly port?: number;
  readonly adminPort?: number;
}

export interface StartSettings {
  readonly controlUrl: string;
  readonly edgeUrl: string;
  readonly adminUrl: string;
  readonly tokenFile: string;
  readonly controlEnvironment: Readonly<Record<string, string>>;
  readonly nodeEnvironment: Readonly<Record<string, string>>;
  /** Passed to both. */
  readonly flags: readonly string[];
}

export async function readStartSettings(options: StartOptions, context: CliContext): Promise<StartSettings> {
  const sections = await readSections(options.config, context);
  const environment = { ...context.environment, ...overrides(options) };
  const find = (section: Section, { key, variable, fallback }: SettingName) =>
    environment[variable] || fileValue(sections[section], key) || fallback;
  const controlPort = find("controlPlane", { key: "port", variable: "SELVAGE_CONTROL_PLANE_PORT", fallback: "8700" });
  const controlHost = find("controlPlane", {
    key: "host",
    variable: "SELVAGE_CONTROL_PLANE_HOST",
    fallback: "127.0.0.1",
  });
  const controlData = find("controlPlane", {
    key: "data",
    variable: "SELVAGE_CONTROL_PLANE_DATA",
    fallback: join("data", "control-plane"),
  });
  const nodeHost = find("node", { key: "host", variable: "SELVAGE_NODE_HOST", fallback: "0.0.0.0" });
  const nodePort = find("node", { key: "port", variable: "SELVAGE_NODE_PORT", fallback: "8080" });
  const adminHost = find("node", { key: "adminHost", variable: "SELVAGE_NODE_ADMIN_HOST", fallback: "127.0.0.1" });
  const adminPort = find("node", { key: "adminPort", variable: "SELVAGE_NODE_ADMIN_PORT", fallback: "8081" });
  const controlUrl = `http://${reachable(controlHost)}:${controlPort}`;
  const tokenFile = resolve(context.workingDirectory, controlData, "node-token");
  const given = environment["SELVAGE_NODE_TOKEN"] || environment["SELVAGE_NODE_TOKEN_FILE"];
  return {
    controlUrl,
    edgeUrl: `http://${reachable(nodeHost)}:${nodePort}`,
    adminUrl: `http://${reachable(adminHost)}:${adminPort}`,
    tokenFile,
    controlEnvironment: overrides(options),
    nodeEnvironment: {
      ...overrides(options),
      SELVAGE_CONTROL: controlUrl,
      ...(given ? {} : { SELVAGE_NODE_TOKEN_FILE: tokenFile }),
    },
    flags: options.config === undefined ? [] : ["--config", resolve(context.workingDirectory, options.config)],
  };
}

type Section = "controlPlane" | "node";

interface SettingName {
  readonly key: string;
  readonly variable: string;
  readonly fallback: string;
}

function overrides({ data, controlPort, port, adminPort }: StartOptions): Record<string, string> {
  return {
    ...(data === undefined
      ? {}
      : { SELVAGE_CONTROL_PLANE_DATA: join(data, "control-plane"), SELVAGE_NODE_DATA: join(data, "node") }),
    ...(controlPort === undefined ? {} : { SELVAGE_CONTROL_PLANE_PORT: String(controlPort) }),
    ...(port === undefined ? {} : { SELVAGE_NODE_PORT: String(port) }),
    ...(adminPort === undefined ? {} : { SELVAGE_NODE_ADMIN_PORT: String(adminPort) }),
  };
}

async function readSections(
  file: string | undefined,
  context: CliContext,
): Promise<Readonly<Record<Section, unknown>>> {
  if (file === undefined) return { controlPlane: undefined, node: undefined };
  const path = resolve(context.workingDirectory, file);
  const text = await readFile(path, "utf8").catch((error: unknown) => {
    throw refusal(`Cannot read ${file}`, [{ path: file, message: (error as Error).message }]);
  });
  const parsed = readConfigFile(text, path);
  if (!parsed.ok) throw refusal(`Cannot use ${file}`, parsed.problems);
  return { controlPlane: parsed.value.controlPlane, node: parsed.value.node };
}

/** The process itself refuses what is neither text nor number. */
function fileValue(section: unknown, key: string): string {
  const value = (Object(section) as Record<string, unknown>)[key];
  return typeof value === "string" || typeof value === "number" ? String(value) : "";
}

/** Who listens on every address is reached on loopback. */
function reachable(host: string): string {
  if (host === "0.0.0.0") return "127.0.0.1";
  if (host === "::") return "[::1]";
  return host.includes(":") ? `[${host}]` : host;
}
