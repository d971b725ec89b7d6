/**
 * Whether an answer comes too late: what was asked for after it stands in its place already, as after a change of the URL or a slow origin.
 *
 * Knows this front's memory, and what it wrote to the disk lately; another front's answers it does not see.
 */
import type { StoredAnswer } from "../cache/stored-answer.ts";
import type { Exchange } from "./exchange.ts";
import type { Services } from "./services.ts";

export function hasNewerAnswer(
  { cache, clock, disk }: Services,
  { cachePlace: place, request }: Exchange,
  answer: Pick<StoredAnswer, "headers" | "requestedAt">,
): boolean {
  if (place === null) return false;
  const { requestedAt } = answer;
  const latest = cache.latestRequestedAt(place.key, request.headers, answer);
  // An instant to come is that of a clock which was set back since.
  if (latest > requestedAt && latest <= clock.now()) return true;
  return disk?.hasNewer(cache.variantKey(place.key, request.headers), requestedAt) === true;
}
