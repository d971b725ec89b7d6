/** `console.table`: rows and columns as text. Pure. */
import { inspect } from "./inspect.ts";

const ROWS_MAX = 200;
const COLUMNS_MAX = 30;

/** The table of `data`, or null when it has no rows (then it is logged as it is). */
export function tableText(data: unknown, columns?: readonly unknown[]): string | null {
  if (typeof data !== "object" || data === null) return null;
  const rows = rowsOf(data);
  const names = new Set<string>(columns?.map(String));
  let hasValues = false;
  for (const { value } of rows) {
    if (typeof value !== "object" || value === null) hasValues = true;
    else if (columns === undefined) for (const key of Object.keys(value)) names.add(key);
  }
  const header = ["(index)", ...[...names].slice(0, COLUMNS_MAX), ...(hasValues ? ["Values"] : [])];
  const body = rows.map(({ index, value }) => {
    const isRow = typeof value === "object" && value !== null;
    const cells = header.slice(1, hasValues ? -1 : undefined).map((name) => (isRow ? cellOf(value, name) : ""));
    return [index, ...cells, ...(hasValues ? [isRow ? "" : inspect(value, { depth: 0 })] : [])];
  });
  return draw([header, ...body]);
}

interface Row {
  readonly index: string;
  readonly value: unknown;
}

function rowsOf(data: object): Row[] {
  const entries: [unknown, unknown][] =
    data instanceof Map ? [...data] : data instanceof Set ? [...[...data].entries()] : Object.entries(data);
  return entries
    .slice(0, ROWS_MAX)
    .map(([key, value]) => ({ index: typeof key === "string" ? key : inspect(key, { depth: 0 }), value }));
}

function cellOf(value: object, name: string): string {
  return Object.hasOwn(value, name) ? inspect((value as Record<string, unknown>)[name], { depth: 0 }) : "";
}

function draw(rows: readonly (readonly string[])[]): string {
  const [header = []] = rows;
  const widths = header.map((_, column) => Math.max(...rows.map((row) => (row[column] ?? "").length)) + 2);
  const rule = (left: string, middle: string, right: string): string =>
    left + widths.map((width) => "─".repeat(width)).join(middle) + right;
  const lines = rows.map(
    (row) => `│${widths.map((width, column) => ` ${row[column] ?? ""}`.padEnd(width)).join("│")}│`,
  );
  const [head = "", ...body] = lines;
  return [rule("┌", "┬", "┐"), head, rule("├", "┼", "┤"), ...body, rule("└", "┴", "┘")].join("\n");
}
