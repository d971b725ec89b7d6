/**
 * Cuts requests that come back to the fleet again and again, by the CDN-Loop field (RFC 8586).
 *
 * Functions see the field but cannot remove it: what goes out is built from what came in, not from their headers.
 */

const CDN_ID = "selvage";
/** Legitimate chains (a function that fetches a domain of its own node) are short. */
export const HOPS_MAX = 8;

/** Whether this CDN is named too often in the incoming field (all lines joined by `,`; "" when absent). */
export function isLoop(cdnLoop: string): boolean {
  return hopsOf(cdnLoop) >= HOPS_MAX;
}

/** How often the request came through this CDN before. */
export function hopsOf(cdnLoop: string): number {
  if (cdnLoop === "") return 0;
  return cdnLoop.split(",").filter((member) => (member.split(";")[0] ?? "").trim().toLowerCase() === CDN_ID).length;
}

/** The field to send on. */
export function nextCdnLoop(cdnLoop: string): string {
  return cdnLoop === "" ? CDN_ID : `${cdnLoop}, ${CDN_ID}`;
}
