import { expect, it } from "vitest";
import { csvLine } from "../../../control-plane/audit/csv-line.ts";

it.each([
  [["a", "b"], "a,b\r\n"],
  [['say "hi"', "a,b", "two\r\nlines"], '"say ""hi""","a,b","two\r\nlines"\r\n'],
  [["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx"], `"'=1+1","'+1","'-1","'@SUM(A1)","'\tx","'\rx"\r\n`],
  [["a=b", ""], "a=b,\r\n"],
])("csvLine(%j)", (fields, expected) => {
  expect(csvLine(fields)).toBe(expected);
});
