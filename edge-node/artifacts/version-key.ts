/** The driver's name of a version: function, version, and what tells its contents and environment from others'. Pure. */

export function versionKey(
  { function: name, version }: { readonly function: string; readonly version: string },
  fingerprint: string,
): string {
  return `${name}@${version}#${fingerprint}`;
}

/** Whose key it is. */
export function versionOfKey(key: string): { readonly function: string; readonly version: string } {
  const [owner = ""] = key.split("#");
  const [name = "", version = ""] = owner.split("@");
  return { function: name, version };
}
