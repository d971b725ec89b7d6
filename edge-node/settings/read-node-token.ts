/** The node's token, from its own setting or from the file that another names. */
import type { Parsed } from "../../sdk/problem.ts";
import { parseSettings, type Setting, type SettingSources } from "../../sdk/settings.ts";
import { onlySettings } from "./only-settings.ts";

/** The token, or why there is none. */
export function readNodeToken(
  sources: SettingSources,
  {
    settings,
    readText,
  }: { readonly settings: readonly Setting[]; readonly readText: (file: string) => Parsed<string> },
): Parsed<string> {
  const tokens = settings.filter(({ key }) => key === "token" || key === "tokenFile");
  const given = parseSettings(tokens, onlySettings(tokens, sources));
  // What is wrong with either is reported with the other settings.
  if (!given.ok) return { ok: false, problems: [] };
  const { token, tokenFile } = given.value as { token: string | null; tokenFile: string | null };
  if (token !== null) return { ok: true, value: token };
  if (tokenFile === null) {
    const message = "is required: set SELVAGE_NODE_TOKEN, --token-file or --token";
    return { ok: false, problems: [{ path: "node.token", message }] };
  }
  const text = readText(tokenFile);
  if (!text.ok || /^[\x21-\x7e]{1,512}$/.test(text.value.trim())) {
    return text.ok ? { ok: true, value: text.value.trim() } : text;
  }
  return { ok: false, problems: [{ path: tokenFile, message: "does not hold a token: 1..512 printable characters" }] };
}
