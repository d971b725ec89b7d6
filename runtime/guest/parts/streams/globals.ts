/**
 * What takes the place of these globals in the part: user code may have replaced the global ones before the part is loaded.
 */
import { AbortController } from "../../web/events/abort-signal.ts";
import { DOMException } from "../../web/core/dom-exception.ts";
import { OriginalObject, OriginalPromise } from "../../web/core/originals.ts";

const scope: object = { __proto__: null, DOMException };

export { AbortController, OriginalObject as Object, OriginalPromise as Promise, scope as globalThis };
