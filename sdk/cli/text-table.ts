/** Rows of text in columns, for people. Control characters are removed: what is shown may come from functions and clients. */

/** The header and rows in columns two blanks apart; `empty` when there are no rows. */
export function textTable(
  header: readonly string[],
  { rows, empty }: { readonly rows: readonly (readonly string[])[]; readonly empty: string },
): string {
  if (rows.length === 0) return empty;
  const lines = [header, ...rows].map((row) => row.map(printable));
  const widths = header.map((_, column) => Math.max(...lines.map((row) => (row[column] ?? "").length)));
  return lines
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

/** `text` without control characters, so that it cannot steer the terminal. */
export function printable(text: string): string {
  // eslint-disable-next-line no-control-regex -- control characters are what is removed
  return text.replace(/[\x00-\x08\x0b-\x1f\x7f-\x9f]/g, "");
}
