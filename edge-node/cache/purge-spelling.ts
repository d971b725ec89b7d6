/**
 * How purges name what is stored: as the URL standard writes it, since purges come as URLs. Pure.
 *
 * Requests and cache keys keep bytes as they were sent, and the standard escapes a few of those that a request may have. Invariant: what is stored
 * and what is purged go through here both, so that a purge of the URL that was asked for always means the answer to it.
 */

/** Of a canonical path. */
export function purgePath(path: string): string {
  return path.includes("^") ? path.replaceAll("^", "%5E") : path;
}

/** Of "" or `?…`. A lone `?` is no query to the standard. */
export function purgeQuery(query: string): string {
  if (query === "?") return "";
  return query.includes("'") ? query.replaceAll("'", "%27") : query;
}
