/**
 * The core's modules that parts may import: the bundler turns such an import of a part into a lookup here, and refuses imports of other core modules.
 *
 * Kept by hand, because every module in it stays whole in each isolate. A key is the module's path from runtime/guest.
 */
import * as cacheCall from "../../cache-call.ts";
import * as hostPort from "../host-port.ts";
import * as loadFailure from "../load-failure.ts";
import * as loadPart from "./load-part.ts";
import * as blob from "../web/body/blob.ts";
import * as blobUrl from "../web/body/blob-url.ts";
import * as body from "../web/body/body.ts";
import * as extractBody from "../web/body/extract-body.ts";
import * as mimeType from "../web/body/mime-type.ts";
import * as readBody from "../web/body/read-body.ts";
import * as readHostBody from "../web/body/read-host-body.ts";
import * as whole from "../web/body/whole.ts";
import * as structuredClone from "../web/clone/structured-clone.ts";
import * as domException from "../web/core/dom-exception.ts";
import * as hostError from "../web/core/host-error.ts";
import * as interfaces from "../web/core/interface.ts";
import * as originals from "../web/core/originals.ts";
import * as pairIterator from "../web/core/pair-iterator.ts";
import * as webidl from "../web/core/webidl.ts";
import * as base64 from "../web/encoding/base64.ts";
import * as bufferSource from "../web/encoding/buffer-source.ts";
import * as encodingLabel from "../web/encoding/encoding-label.ts";
import * as textDecoder from "../web/encoding/text-decoder.ts";
import * as textEncoder from "../web/encoding/text-encoder.ts";
import * as utf8 from "../web/encoding/utf8.ts";
import * as abortSignal from "../web/events/abort-signal.ts";
import * as event from "../web/events/event.ts";
import * as eventTarget from "../web/events/event-target.ts";
import * as messageEvent from "../web/events/message-event.ts";
import * as fetch from "../web/fetch/fetch.ts";
import * as request from "../web/fetch/request.ts";
import * as requestInit from "../web/fetch/request-init.ts";
import * as requestState from "../web/fetch/request-state.ts";
import * as response from "../web/fetch/response.ts";
import * as headerList from "../web/headers/header-list.ts";
import * as headerName from "../web/headers/header-name.ts";
import * as headers from "../web/headers/headers.ts";
import * as streams from "../web/streams/streams.ts";
import * as timers from "../web/timing/timers.ts";
import * as urlParser from "../web/url/parser.ts";
import * as url from "../web/url/url.ts";
import * as urlSearchParams from "../web/url/url-search-params.ts";
import * as urlencoded from "../web/url/urlencoded.ts";
import * as wasmOriginals from "../web/wasm/originals.ts";

export const coreModules: Readonly<Record<string, object>> = {
  "../cache-call.ts": cacheCall,
  "host-port.ts": hostPort,
  "load-failure.ts": loadFailure,
  "parts/load-part.ts": loadPart,
  "web/body/blob.ts": blob,
  "web/body/blob-url.ts": blobUrl,
  "web/body/body.ts": body,
  "web/body/extract-body.ts": extractBody,
  "web/body/mime-type.ts": mimeType,
  "web/body/read-body.ts": readBody,
  "web/body/read-host-body.ts": readHostBody,
  "web/body/whole.ts": whole,
  "web/clone/structured-clone.ts": structuredClone,
  "web/core/dom-exception.ts": domException,
  "web/core/host-error.ts": hostError,
  "web/core/interface.ts": interfaces,
  "web/core/originals.ts": originals,
  "web/core/pair-iterator.ts": pairIterator,
  "web/core/webidl.ts": webidl,
  "web/encoding/base64.ts": base64,
  "web/encoding/buffer-source.ts": bufferSource,
  "web/encoding/encoding-label.ts": encodingLabel,
  "web/encoding/text-decoder.ts": textDecoder,
  "web/encoding/text-encoder.ts": textEncoder,
  "web/encoding/utf8.ts": utf8,
  "web/events/abort-signal.ts": abortSignal,
  "web/events/event.ts": event,
  "web/events/event-target.ts": eventTarget,
  "web/events/message-event.ts": messageEvent,
  "web/fetch/fetch.ts": fetch,
  "web/fetch/request.ts": request,
  "web/fetch/request-init.ts": requestInit,
  "web/fetch/request-state.ts": requestState,
  "web/fetch/response.ts": response,
  "web/headers/header-list.ts": headerList,
  "web/headers/header-name.ts": headerName,
  "web/headers/headers.ts": headers,
  "web/streams/streams.ts": streams,
  "web/timing/timers.ts": timers,
  "web/url/parser.ts": urlParser,
  "web/url/url.ts": url,
  "web/url/url-search-params.ts": urlSearchParams,
  "web/url/urlencoded.ts": urlencoded,
  "web/wasm/originals.ts": wasmOriginals,
};
