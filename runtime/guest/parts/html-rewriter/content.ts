/** What handlers insert: text, escaped unless they say that it is HTML. */
import { requireArguments, toDictionary, toUsvString } from "../../web/core/webidl.ts";

export interface ContentOptions {
  readonly html?: boolean;
}

export type ContentParameters = [content: string, options?: ContentOptions];

/** The HTML of the content in `parameters`. */
export function htmlOf(parameters: ContentParameters, where: string): string {
  requireArguments(parameters.length, 1, where);
  const content = toUsvString(parameters[0]);
  const { html } = toDictionary(parameters[1], where);
  return html ? content : escapeText(content);
}

function escapeText(text: string): string {
  return text.replace(/[&<>]/g, (character) => (character === "&" ? "&amp;" : character === "<" ? "&lt;" : "&gt;"));
}

/** `value` between double quotes. */
export function quoteAttribute(value: string): string {
  return `"${value.replaceAll('"', "&quot;")}"`;
}

/** What stands around a token, and whether the token is still there. */
export class Edits {
  before: string = "";
  replacement: string = "";
  after: string = "";
  isRemoved: boolean = false;

  /** Takes the token out and puts `html` there. */
  replace(html: string): void {
    this.isRemoved = true;
    this.replacement = html;
  }
}

/** A token's state, shared by the engine and the object handlers get; dead once they have returned. */
export class Liveness {
  isLive: boolean = true;
}

/** @throws TypeError when the handler that was given the token is over. */
export function requireLive(token: Liveness): void {
  if (token.isLive) return;
  throw new TypeError(
    "This content token is no longer valid. Content tokens are only valid during the execution of the relevant content handler.",
  );
}
