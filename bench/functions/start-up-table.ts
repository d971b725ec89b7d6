/**
 * Writes the source of a function that is heavy to start: about 350 KB of code that fills a table of 50,000 entries at its top level.
 * `records`: a Map of objects and strings, which a snapshot has to rebuild one by one. `computed`: numbers that take a loop each, which it does not.
 *
 * Pure and deterministic. Every part is used by `fetch`, so that no bundler may leave it out.
 */

const ENTRIES = 50_000;
const OPERATIONS = 1_970;

export type TableKind = "records" | "computed";

const fillTable: Readonly<Record<TableKind, string>> = {
  records: `const table = new Map();
for (let i = 0; i < ${ENTRIES}; i++) table.set("key-" + i, { id: i, name: "entry " + i, next: (i * 7919) % ${ENTRIES} });
const find = (id) => table.get("key-" + id);
const size = table.size;`,
  computed: `const table = [];
for (let i = 0; i < ${ENTRIES}; i++) {
  let remainder = i;
  for (let bit = 0; bit < 8; bit++) remainder = remainder & 1 ? (remainder >>> 1) ^ 0x2db88320 : remainder >>> 1;
  table.push(remainder % ${ENTRIES});
}
const find = (id) => ({ id, name: "entry " + id, next: table[id] });
const size = table.length;`,
};

/** The module's source; `salt` makes one version differ from another. */
export function startUpTableSource(salt: string, kind: TableKind): string {
  const operations = Array.from({ length: OPERATIONS }, (_, i) => operation(i));
  return `${fillTable[kind]}
const operations = [
${operations.join(",\n")}
];
export default {
  fetch(request) {
    const id = Number(new URL(request.url).searchParams.get("id") ?? "0");
    const entry = find(id);
    const value = operations[id % operations.length](entry.id, entry.next);
    return new Response([${JSON.stringify(salt)}, entry.name, size, value].join(" "));
  },
};
`;
}

/** What a function made from that source answers to `?id=0`. */
export function startUpTableAnswer(salt: string): string {
  return `${salt} entry 0 ${ENTRIES} 0`;
}

/** About 155 characters; `(0, 0)` gives 0 for the first one. */
function operation(i: number): string {
  const name = `operation number ${i}`;
  return `  (left, right) => { const sum = left * ${i + 3} + right; if (sum < 0) throw new RangeError("${name} is out of range"); return sum % ${i + 1_000_003}; }`;
}
