/** Parts that the core itself uses, as modules of this process: for tests of the guest's code outside an isolate. */
import { loadPart, providePart } from "../../../runtime/guest/parts/load-part.ts";
import * as crypto from "../../../runtime/guest/parts/crypto/main.ts";
import * as form from "../../../runtime/guest/parts/form/main.ts";
import * as inspect from "../../../runtime/guest/parts/inspect/main.ts";
import * as schemeFetch from "../../../runtime/guest/parts/scheme-fetch/main.ts";
import * as streams from "../../../runtime/guest/parts/streams/main.ts";
import * as structuredClone from "../../../runtime/guest/parts/structured-clone/main.ts";
import * as urlParser from "../../../runtime/guest/parts/url-parser/main.ts";

const parts = {
  crypto,
  form,
  inspect,
  "scheme-fetch": schemeFetch,
  streams,
  "structured-clone": structuredClone,
  "url-parser": urlParser,
};

export function provideParts(): void {
  for (const [name, exports] of Object.entries(parts)) {
    providePart(name, (_require, provide) => {
      provide(exports);
    });
  }
  // Tests import their classes from the source: what the core takes for one must be the same.
  loadPart("form");
  loadPart("streams");
}
