/** The setting that says where NATS is: servers of one cluster, and who this control plane is there. Pure. */

/** Who asks. `file`: what is in the credentials file that NATS tools make. */
export type NatsLogin =
  | { readonly kind: "none" }
  | { readonly kind: "user"; readonly user: string; readonly password: string }
  | { readonly kind: "token"; readonly token: string }
  | { readonly kind: "file"; readonly bytes: Uint8Array };

export interface NatsAddress {
  /** `HOST:PORT`, any of them will do. */
  readonly servers: readonly string[];
  /** Certificates are checked by the system's authorities and those of NODE_EXTRA_CA_CERTS. */
  readonly tls: boolean;
  readonly login: NatsLogin;
}

/** Completes "allowed: …". */
export const natsAddressText: string =
  "nats://[USER:PASSWORD@|TOKEN@]HOST[:PORT], tls:// where the network is not trusted, further servers of the cluster after commas";

const portDefault = "4222";
const serversMax = 16;

/** Null: the text is none; it may hold a password and is in no message. */
export function parseNatsAddress(text: string): NatsAddress | null {
  const urls = text.split(",").map(parseOne);
  const [first] = urls;
  if (first === undefined || first === null || urls.length > serversMax) return null;
  const servers: string[] = [];
  for (const url of urls) {
    // Two ways or two names would leave it open which of them is meant.
    if (url?.protocol !== first.protocol) return null;
    if (url !== first && url.username !== "" && loginText(url) !== loginText(first)) return null;
    servers.push(`${url.hostname}:${url.port === "" ? portDefault : url.port}`);
  }
  return { servers, tls: first.protocol === "tls:", login: loginOf(first) };
}

function parseOne(text: string): URL | null {
  if (!/^(?:nats|tls):\/\/[\x21-\x7e]{1,512}$/.test(text) || !URL.canParse(text)) return null;
  const url = new URL(text);
  const isBare = (url.pathname === "" || url.pathname === "/") && url.search === "" && url.hash === "";
  return isBare && url.hostname !== "" && [url.username, url.password].every(isDecodable) ? url : null;
}

function isDecodable(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}

function loginText({ username, password }: URL): string {
  return `${username}:${password}`;
}

function loginOf({ username, password }: URL): NatsLogin {
  if (username === "") return { kind: "none" };
  const user = decodeURIComponent(username);
  return password === ""
    ? { kind: "token", token: user }
    : { kind: "user", user, password: decodeURIComponent(password) };
}
