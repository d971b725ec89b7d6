/**
 * Stands in for `@exodus/bytes/encoding.js` when the guest is bundled (bundle-aliases.json). whatwg-url imports it for the tables
 * of legacy encodings, which only a document's own encoding would need: there are no documents here.
 */
export {};
