/** URLs for tests of policies. */
import { wireUrl, type WireUrl } from "../../../edge-node/pipeline/wire-url.ts";

/** Of `http://site.test`, from path and query as a client writes them. */
export function urlOf(target: string): WireUrl {
  const [path = "", ...query] = target.split("?");
  const parts = { scheme: "http", host: "site.test", hostname: "site.test", path } as const;
  const url = wireUrl({ ...parts, query: query.length === 0 ? "" : `?${query.join("?")}` });
  if (url === null) throw new Error(`Cannot test ${target}: it has no canonical form`);
  return url;
}
