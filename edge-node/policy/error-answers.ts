/**
 * The keys error_code_redirect_rules and error_pages, compiled: what a client gets instead of an error answer.
 *
 * Pure. Invariants: what describes the body that is not sent is not sent either; nobody keeps such an answer; a client is never sent to the URL it
 * asked for.
 */
import type { ErrorCodeRedirectRule, ErrorPage } from "../../sdk/domain-policy.ts";
import { headerEntries, type HeaderText } from "../../sdk/header-text.ts";
import type { ResponseMessage } from "../pipeline/exchange.ts";

/** The answer to send instead, or null. The body of the error is the caller's to discard. */
export type ErrorAnswers = (
  error: Pick<ResponseMessage, "status" | "headers">,
  request: { readonly href: string },
) => ResponseMessage | null;

/** Undefined: errors are sent as they are. */
export function compileErrorAnswers(
  redirects: readonly ErrorCodeRedirectRule[] = [],
  pages: readonly ErrorPage[] = [],
): ErrorAnswers | undefined {
  if (redirects.length === 0 && pages.length === 0) return undefined;
  const redirectOf = new Map(redirects.map((rule) => [rule.error_code, rule]));
  const pageOf = new Map(pages.map((page) => [page.error_code, page]));
  return ({ status, headers }, { href }) => {
    const redirect = redirectOf.get(status);
    if (redirect !== undefined && redirect.target_link !== href) return redirectTo(redirect);
    const page = pageOf.get(status);
    return page === undefined ? null : { status, headers: pageHeaders(headers, page), body: textBody(page) };
  };
}

function redirectTo({ target_code: status, target_link: link }: ErrorCodeRedirectRule): ResponseMessage {
  return { status, headers: `location:${link}\ncache-control:no-store\n`, body: { kind: "empty" } };
}

function textBody({ body }: ErrorPage): ResponseMessage["body"] {
  return { kind: "text", text: body };
}

/** They speak of the body, or of keeping it. What says how to go on (Retry-After, WWW-Authenticate, Allow) stays. */
const ofTheBody: ReadonlySet<string> = new Set([
  "accept-ranges",
  "age",
  "cache-control",
  "cdn-cache-control",
  "content-digest",
  "content-disposition",
  "content-encoding",
  "content-language",
  "content-length",
  "content-location",
  "content-md5",
  "content-range",
  "content-type",
  "digest",
  "expires",
  "etag",
  "last-modified",
  "pragma",
  "repr-digest",
]);

function pageHeaders(headers: HeaderText, page: ErrorPage): HeaderText {
  let kept = "";
  for (const [name, value] of headerEntries(headers)) {
    if (!ofTheBody.has(name)) kept += `${name}:${value}\n`;
  }
  return `${kept}content-type:${page.content_type}\ncache-control:no-store\n`;
}
