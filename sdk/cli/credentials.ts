/**
 * Where commands find the control plane and their token: flags, then environment, then what `selvage login` stored.
 *
 * Invariant: the stored file is readable by its owner only, and a stored token is only used for the URL it was stored with.
 */
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { CliContext } from "./cli-context.ts";
import { CliError, exitCodes } from "./exit-code.ts";

export const defaultUrl = "http://127.0.0.1:8700";

export interface Credentials {
  readonly url: string;
  /** Empty when none is known. */
  readonly token: string;
}

export interface GivenCredentials {
  readonly url?: string | undefined;
  readonly token?: string | undefined;
}

export function credentialsPath({ environment, homeDirectory }: CliContext): string {
  const base = environment["XDG_CONFIG_HOME"] || join(homeDirectory, ".config");
  return join(base, "selvage", "credentials.json");
}

export async function findCredentials(context: CliContext, given: GivenCredentials): Promise<Credentials> {
  const { environment } = context;
  const stored = await readStored(credentialsPath(context));
  const url = checkUrl(given.url ?? (environment["SELVAGE_URL"] || stored?.url || defaultUrl));
  const token = given.token ?? (environment["SELVAGE_TOKEN"] || (stored?.url === url ? stored.token : ""));
  return { url, token };
}

/** The origin of `text`. */
export function checkUrl(text: string): string {
  const url = URL.parse(text);
  if (url !== null && (url.protocol === "http:" || url.protocol === "https:")) return url.origin;
  throw new CliError(exitCodes.usage, `--url: received ${text}, allowed: an http or https URL such as ${defaultUrl}`);
}

/** Writes a file of mode 600 in one step. */
export async function storeCredentials(context: CliContext, credentials: Credentials): Promise<string> {
  const path = credentialsPath(context);
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const temporary = `${path}.${context.nowMs()}.tmp`;
  await writeFile(temporary, `${JSON.stringify(credentials, null, 2)}\n`, { mode: 0o600, flag: "wx" });
  await rename(temporary, path);
  return path;
}

async function readStored(path: string): Promise<Credentials | null> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch {
    return null;
  }
  try {
    const { url, token } = Object(JSON.parse(text)) as { url?: unknown; token?: unknown };
    if (typeof url === "string" && typeof token === "string") return { url, token };
  } catch {
    // Reported below like any other damage.
  }
  throw new CliError(exitCodes.failure, `Cannot use ${path}: it is damaged: remove it or run selvage login`);
}
