/** Parameters of a query as it is spelled: names are compared as they stand, without decoding, and what stays is not respelled. */

/** The values of every parameter of this name, in order. */
export function valuesOfParameter(query: string, name: string): readonly string[] {
  if (!query.includes(name)) return [];
  const pairs = query.slice(1).split("&");
  return pairs.filter((pair) => isNamed(pair, name)).map((pair) => pair.slice(name.length + 1));
}

/** The query ("" or `?…`) without the parameters of these names. */
export function withoutParameters(query: string, names: readonly string[]): string {
  if (!names.some((name) => query.includes(name))) return query;
  const kept = query
    .slice(1)
    .split("&")
    .filter((pair) => !names.some((name) => isNamed(pair, name)));
  return kept.length === 0 ? "" : `?${kept.join("&")}`;
}

function isNamed(pair: string, name: string): boolean {
  return pair === name || pair.startsWith(`${name}=`);
}
