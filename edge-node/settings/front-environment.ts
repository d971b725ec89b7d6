/** What a front process inherits of the environment. Invariant: no variable that is not named here. */

/** What programs need to run, nothing of Selvage's own; and how an operator may have set the C library's allocator. */
const inherited = [
  "PATH",
  "HOME",
  "TMPDIR",
  "LANG",
  "TZ",
  "NODE_EXTRA_CA_CERTS",
  "SSL_CERT_FILE",
  "SSL_CERT_DIR",
  "MALLOC_ARENA_MAX",
  "MALLOC_MMAP_THRESHOLD_",
  "MALLOC_TRIM_THRESHOLD_",
] as const;

/**
 * For glibc (mallopt(3)); others ignore it. A front's threads get and free bodies of all sizes: with an arena for each thread, and a threshold for memory of
 * its own that rises with what was freed, most of what a busy time took would never go back to the system.
 */
const allocator = {
  MALLOC_ARENA_MAX: "2",
  MALLOC_MMAP_THRESHOLD_: "131072",
  MALLOC_TRIM_THRESHOLD_: "262144",
} as const;

/** The variables a front is started with. */
export function frontEnvironment(environment: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const entries = inherited.map((name) => [name, environment[name]] as const);
  const set = entries.filter((entry): entry is readonly [(typeof inherited)[number], string] => entry[1] !== undefined);
  return { ...allocator, ...Object.fromEntries(set) };
}
