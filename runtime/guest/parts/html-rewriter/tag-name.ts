/** Names that handlers give to tags. */
import { toUsvString } from "../../web/core/webidl.ts";

/** A name that a tag can have. */
export function toTagName(value: unknown, where: string): string {
  const name = toUsvString(value);
  if (!/^[a-zA-Z][^\t\n\f\r />]*$/.test(name)) {
    throw new TypeError(`Cannot set ${where}: no tag can have the name ${JSON.stringify(name)}`);
  }
  return name;
}
