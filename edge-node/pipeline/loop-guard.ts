/**
 * Cuts requests that come back to the fleet again and again, by the CDN-Loop field (RFC 8586).
 *
 * Functions see the field but cannot remove it: what goes out is built from what came in, not from their headers.
 */

const CDN_ID = "selvage";
/** Legitimate chains (a function that fetches a domain of its own node) are short. */
const HOPS_MAX = 8;

/** How often this CDN is named in the incoming field (all lines joined by `,`; "" when absent). */
export function isLoop(cdnLoop: string): boolean {
  if (cdnLoop === "") return false;
  const hops = cdnLoop.split(",").filter((member) => (member.split(";")[0] ?? "").trim().toLowerCase() === CDN_ID);
  return hops.length >= HOPS_MAX;
}

/** The field to send on. */
export function nextCdnLoop(cdnLoop: string): string {
  return cdnLoop === "" ? CDN_ID : `${cdnLoop}, ${CDN_ID}`;
}
