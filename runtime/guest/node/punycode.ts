/** `node:punycode`: the npm package of that name, which Node recommends itself. */
import punycode from "punycode/punycode.es6.js";

const { decode, encode, toASCII, toUnicode, ucs2, version } = punycode;
export { decode, encode, toASCII, toUnicode, ucs2, version };
export default punycode;
