/**
 * Which web-platform-tests apply to a server: the areas, and the files of them that are left out because they are about browsers.
 * Data only. Invariant: nothing is left out because it fails; that is what expectations.json is for.
 */

/** Folders of a web-platform-tests checkout. Each counts once in the mean, however many tests it has. */
export const areas: readonly string[] = [
  "FileAPI",
  "WebCryptoAPI",
  "compression",
  "console",
  "dom/abort",
  "dom/events",
  "encoding",
  "fetch/api/abort",
  "fetch/api/basic",
  "fetch/api/body",
  "fetch/api/headers",
  "fetch/api/redirect",
  "fetch/api/request",
  "fetch/api/response",
  "fetch/content-encoding",
  "fetch/data-urls",
  "hr-time",
  "html/webappapis",
  "streams",
  "url",
  "urlpattern",
  "webidl",
  "xhr/formdata",
];

/** Paths that need a page, an origin, CORS, forbidden headers, XHR, FileReader or HTTP/2. */
const leftOut: readonly RegExp[] = [
  /idlharness|shadowrealm|abort\/cache|response-blob-realm|owning-type|zstd/,
  /^FileAPI\/(?:.*fileReader|reading-data-section\/|url\/)/,
  /^fetch\/api\/basic\/(?:keepalive|mode-|referrer|request-referrer|request-forbidden|request-private)/,
  /^fetch\/api\/basic\/(?:status\.h2|request-upload\.h2|conditional-get|request-headers\.|integrity\.sub|header-value-combining)/,
  /^fetch\/api\/request\/request-(?:cache-|headers\.)/,
  /^fetch\/api\/headers\/header(?:s-no-cors|-values)/,
  /^fetch\/api\/redirect\/redirect-(?:keepalive|origin|referrer|mode|location|back|upload\.h2)/,
  /^webidl\/.*global-/,
  /^url\/historical/,
  /^urlpattern.*tentative/,
];

/** Whether a test file (path from the checkout's root, `/` between names) is about something only browsers have. */
export function isLeftOut(path: string): boolean {
  return leftOut.some((pattern) => pattern.test(path));
}
