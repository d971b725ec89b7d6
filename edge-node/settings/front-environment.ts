/** What a front process inherits of the environment. Invariant: no variable that is not named here. */
import { allocatorSettings } from "./allocator.ts";

/** What programs need to run, nothing of Selvage's own; and how an operator may have set the allocator. */
const inherited: readonly string[] = [
  "PATH",
  "HOME",
  "TMPDIR",
  "LANG",
  "TZ",
  "NODE_EXTRA_CA_CERTS",
  "SSL_CERT_FILE",
  "SSL_CERT_DIR",
  ...Object.keys(allocatorSettings),
];

/** The variables a front is started with. */
export function frontEnvironment(environment: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const entries = inherited.map((name) => [name, environment[name]] as const);
  const set = entries.filter((entry): entry is readonly [string, string] => entry[1] !== undefined);
  return { ...allocatorSettings, ...Object.fromEntries(set) };
}
