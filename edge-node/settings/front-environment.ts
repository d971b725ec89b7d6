/** What a front process inherits of the environment. Invariant: no variable that is not named here. */

/** The variables a front inherits: what programs need to run, nothing of Selvage's own. */
export function frontEnvironment(environment: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const names = ["PATH", "HOME", "TMPDIR", "LANG", "TZ", "NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE", "SSL_CERT_DIR"];
  const entries = names.map((name) => [name, environment[name]] as const);
  return Object.fromEntries(entries.filter((entry): entry is readonly [string, string] => entry[1] !== undefined));
}
