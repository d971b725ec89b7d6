/**
 * Whether a text is what sdk/header-text.ts calls headers: asked of everything that comes from a function, since a line feed or a colon in the
 * wrong place would be a header of its own in the next message.
 */
import type { HeaderText } from "../../sdk/header-text.ts";

const HEADERS = /^(?:[!#$%&'*+\-.^_`|~0-9a-z]+:[\t\x20-\x7e\x80-\xff]*\n)*$/;

/** Whether every line is `name:value`, the name a token in lower case, the value within RFC 9110 §5.5. */
export function isHeaderText(text: HeaderText): boolean {
  return HEADERS.test(text);
}
