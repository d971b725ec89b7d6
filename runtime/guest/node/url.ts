/** `node:url`: the global URL, the legacy parser (npm package `url`, Node's own code), and file URLs of POSIX paths. */
import punycode from "punycode/punycode.es6.js";
import legacy from "url/url.js";
import { invalidArgument, nodeError } from "./node-error.ts";
import { resolve as resolvePath } from "./path.ts";

const theURL = URL;
const theURLSearchParams = URLSearchParams;
const { Url, parse, resolve, resolveObject } = legacy;

interface FormatOptions {
  readonly auth?: boolean;
  readonly fragment?: boolean;
  readonly search?: boolean;
  readonly unicode?: boolean;
}

function format(url: unknown, options: FormatOptions = {}): string {
  if (!(url instanceof URL)) return legacy.format(url);
  const { auth = true, fragment = true, search = true, unicode = false } = options;
  const copy = new URL(url.href);
  if (!auth) copy.username = copy.password = "";
  if (!fragment) copy.hash = "";
  if (!search) copy.search = "";
  return unicode ? copy.href.replace(copy.hostname, punycode.toUnicode(copy.hostname)) : copy.href;
}

/** Empty when `domain` is none. */
function domainToASCII(domain: string): string {
  const url = URL.parse(`ws://${domain}`);
  return url === null || url.href !== `ws://${url.hostname}/` ? "" : url.hostname;
}

function domainToUnicode(domain: string): string {
  return punycode.toUnicode(domainToASCII(domain));
}

function fileURLToPath(url: string | URL): string {
  if (typeof url !== "string" && !(url instanceof URL))
    throw invalidArgument("path", "of type string or an instance of URL", url);
  const { protocol, hostname, pathname } = new URL(url);
  if (protocol !== "file:") throw nodeError(TypeError, "ERR_INVALID_URL_SCHEME", "The URL must be of scheme file");
  if (hostname !== "") {
    throw nodeError(TypeError, "ERR_INVALID_FILE_URL_HOST", 'File URL host must be "localhost" or empty on linux');
  }
  if (/%2f/i.test(pathname)) {
    throw nodeError(TypeError, "ERR_INVALID_FILE_URL_PATH", "File URL path must not include encoded / characters");
  }
  return decodeURIComponent(pathname);
}

function pathToFileURL(path: string): URL {
  const resolved = resolvePath(path) + (path.endsWith("/") && path !== "/" ? "/" : "");
  const escaped = resolved.replaceAll(/[%\\\n\r\t?#]/g, (char) => encodeURIComponent(char));
  return new URL(`file://${escaped}`);
}

function urlToHttpOptions(url: URL): Record<string, unknown> {
  const { protocol, hostname, hash, search, pathname, href, port, username, password } = url;
  const options: Record<string, unknown> = {
    protocol,
    hostname,
    hash,
    search,
    pathname,
    path: pathname + search,
    href,
  };
  if (hostname.startsWith("[")) options["hostname"] = hostname.slice(1, -1);
  if (port !== "") options["port"] = Number(port);
  if (username !== "" || password !== "") {
    options["auth"] = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  }
  return options;
}

const exported: Readonly<Record<string, unknown>> = {
  URL,
  URLSearchParams,
  Url,
  domainToASCII,
  domainToUnicode,
  fileURLToPath,
  format,
  parse,
  pathToFileURL,
  resolve,
  resolveObject,
  urlToHttpOptions,
};
export {
  theURL as URL,
  theURLSearchParams as URLSearchParams,
  Url,
  domainToASCII,
  domainToUnicode,
  fileURLToPath,
  format,
  parse,
  pathToFileURL,
  resolve,
  resolveObject,
  urlToHttpOptions,
};
export default exported;
