import { expect, it } from "vitest";
import { readDataUrl } from "../../../bundler/source/data-url.ts";

it.each([
  ["data:text/javascript,export%20default%201", "text/javascript", "export default 1"],
  ["data:application/json;charset=utf-8;base64,eyJhIjoxfQ==", "application/json", '{"a":1}'],
  ["data:TEXT/Plain;BASE64,YQ%3D%3D", "text/plain", "a"],
  ["data:,a,b", "", "a,b"],
])("readDataUrl(%j)", (url, mediaType, text) => {
  const read = readDataUrl(url);
  expect(read?.mediaType).toBe(mediaType);
  expect(Buffer.from(read?.bytes ?? []).toString()).toBe(text);
});

it.each(["data:text/plain", "http://a/,b", "data:text/plain,%", "data:text/plain,%ff"])(
  "readDataUrl(%j) is null",
  (url) => {
    expect(readDataUrl(url)).toBeNull();
  },
);
