/** Paths and queries of the REST API. Pure. */

export function functionPath(name: string): `/${string}` {
  return `/v1/functions/${encodeURIComponent(name)}`;
}

export function aliasPath(name: string, alias: string): `/${string}` {
  return `${functionPath(name)}/aliases/${encodeURIComponent(alias)}`;
}

/** `?key=value&…` of what is not undefined; "" when nothing is. */
export function queryText(query: object): string {
  const parameters = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) if (value !== undefined) parameters.append(key, String(value));
  return parameters.size === 0 ? "" : `?${parameters.toString()}`;
}
