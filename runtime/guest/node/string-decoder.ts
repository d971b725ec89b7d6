/** `node:string_decoder`: the npm package `string_decoder` (Node's own code), with base64url. */
import { StringDecoder as BaseDecoder } from "string_decoder/lib/string_decoder.js";

/** Groups of three bytes are the same in both alphabets. */
function toUrlAlphabet(base64: string): string {
  return base64.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/** Callable without `new` on an object of its own, as older code does. */
function StringDecoder(this: BaseDecoder, encoding?: string): void {
  const isUrl = encoding?.toLowerCase() === "base64url";
  BaseDecoder.call(this, isUrl ? "base64" : encoding);
  if (!isUrl) return;
  const { write, end } = this;
  this.encoding = "base64url";
  this.write = (bytes) => toUrlAlphabet(Reflect.apply(write, this, [bytes]));
  // `end` itself calls `write`; its own rest is translated here.
  this.end = (bytes) => toUrlAlphabet(Reflect.apply(end, this, [bytes]));
}
StringDecoder.prototype = BaseDecoder.prototype;
Object.defineProperty(StringDecoder.prototype, "constructor", {
  value: StringDecoder,
  configurable: true,
  writable: true,
});

const exported: Readonly<Record<string, unknown>> = { StringDecoder };
export { StringDecoder };
export default exported;
