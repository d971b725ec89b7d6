/** HTMLRewriter: streams a response's HTML through handlers that are called for what selectors match. */
import { Body } from "../../web/body/body.ts";
import { finishInterface } from "../../web/core/interface.ts";
import { requireArguments, toPrintable, toUsvString } from "../../web/core/webidl.ts";
import { isResponse, responseOver, ResponseState, responseStateIn, type Response } from "../../web/fetch/response.ts";
import { HeaderList } from "../../web/headers/header-list.ts";
import { headerName } from "../../web/headers/header-name.ts";
import { type ReadableStream, streams } from "../../web/streams/streams.ts";
import { addDocumentHandlers, addElementHandlers, noRules, type RewriteRules } from "./handlers.ts";
import { HtmlStream } from "./html-stream.ts";

export class HTMLRewriter {
  #rules: RewriteRules = noRules;

  on(...parameters: [selector: string, handlers: object]): this {
    requireArguments(parameters.length, 2, "HTMLRewriter.on");
    this.#rules = addElementHandlers(this.#rules, toUsvString(parameters[0]), parameters[1]);
    return this;
  }

  onDocument(...parameters: [handlers: object]): this {
    requireArguments(parameters.length, 1, "HTMLRewriter.onDocument");
    this.#rules = addDocumentHandlers(this.#rules, parameters[0]);
    return this;
  }

  /** A response with the rewritten body; the given one is used. */
  transform(...parameters: [response: Response]): Response {
    requireArguments(parameters.length, 1, "HTMLRewriter.transform");
    const [response] = parameters;
    if (!isResponse(response)) {
      throw new TypeError(`Cannot transform: a Response is needed, received ${toPrintable(response)}`);
    }
    const { status, statusText, headerList, url, body } = responseStateIn(response);
    if (body?.isUnusable() === true) throw new TypeError("Cannot transform the response: body already used or locked");
    const state = new ResponseState(new HeaderList(headerList.text));
    state.status = status;
    state.statusText = statusText;
    state.url = url;
    if (body !== null) {
      state.headerList.delete(contentLength);
      state.body = new Body({ kind: "stream", stream: rewritten(body.stream(), this.#rules) });
    }
    return responseOver(state);
  }
}

const contentLength = headerName("content-length");

/** Reads a chunk of `source` when one is asked for. */
function rewritten(source: ReadableStream<Uint8Array>, rules: RewriteRules): ReadableStream<Uint8Array> {
  const reader = source.getReader();
  const html = new HtmlStream(rules);
  return new (streams().ReadableStream)<Uint8Array>(
    {
      type: "bytes",
      async pull(controller) {
        try {
          for (;;) {
            const { done, value } = await reader.read();
            if (!done && !(value instanceof Uint8Array)) {
              throw new TypeError(
                "Cannot transform the response: its body delivered something that is not a Uint8Array",
              );
            }
            const bytes = done ? await html.end() : await html.write(value);
            // Enqueued bytes are gone: their length must be known before.
            const isEmpty = bytes.length === 0;
            if (!isEmpty) controller.enqueue(bytes);
            if (done) {
              controller.close();
              controller.byobRequest?.respond(0);
            }
            if (done || !isEmpty) return;
          }
        } catch (error) {
          void reader.cancel(error).catch(() => undefined);
          throw error;
        }
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  );
}

finishInterface(HTMLRewriter, "HTMLRewriter");
