/**
 * One line of CSV (RFC 4180) that a spreadsheet takes as text: a field that begins like a formula gets an apostrophe in front
 * (OWASP, CSV Injection).
 */
export function csvLine(fields: readonly string[]): string {
  return `${fields.map(csvField).join(",")}\r\n`;
}

function csvField(field: string): string {
  const text = /^[=+\-@\t\r]/.test(field) ? `'${field}` : field;
  return /[",\r\n]/.test(text) || text !== field ? `"${text.replaceAll('"', '""')}"` : text;
}
