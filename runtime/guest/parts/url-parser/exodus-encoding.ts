/**
 * Stands in for `@exodus/bytes/encoding.js` when the guest is bundled (bundle-aliases.json). whatwg-url imports it for the tables
 * of legacy encodings, which only a document's own encoding would need: there are no documents here.
 */
// eslint-disable-next-line unicorn/require-module-specifiers -- an empty module is what is wanted
export {};
