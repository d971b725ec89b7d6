/** What the Cache API reads of a response's Vary field (https://w3c.github.io/ServiceWorker/#request-matches-cached-item). */
import { withoutFragment } from "./cache-query.ts";
import type { RequestState } from "../../web/fetch/request-state.ts";
import type { ResponseState } from "../../web/fetch/response.ts";
import { type HeaderName, headerName } from "../../web/headers/header-name.ts";

const varyName: HeaderName = headerName("vary");

export function refuseVaryAny(response: ResponseState): void {
  if (varyNames(response).includes("*")) throw new TypeError('Cannot store in the cache: the response has "Vary: *"');
}

/** Whether a response to one request would be found by the other: same URL, same values of the varying fields. */
export function isSameEntry(
  response: ResponseState,
  requests: { readonly mine: RequestState; readonly other: RequestState },
): boolean {
  const { mine, other } = requests;
  if (withoutFragment(mine.url) !== withoutFragment(other.url)) return false;
  return varyNames(response).every((text) => {
    const name = headerName(text);
    return mine.headerList.get(name) === other.headerList.get(name);
  });
}

function varyNames({ headerList }: ResponseState): string[] {
  const value = headerList.get(varyName);
  if (value === null) return [];
  return value
    .split(",")
    .map((name) => name.trim())
    .filter((name) => /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(name));
}
