/**
 * A message body between the socket, the pipeline and an isolate.
 *
 * Invariant: a stream is read at most once. Whoever holds it either reads it to the end or calls `return()` on its
 * iterator, which cancels the source. Reading is pull-based, so a slow reader slows the source.
 */
export type Body =
  | { readonly kind: "empty" }
  /** UTF-8 encoded when it is sent. */
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "bytes"; readonly bytes: Uint8Array }
  | {
      readonly kind: "stream";
      /** Throws when the body breaks off; a stream that ends without throwing is complete. */
      readonly chunks: AsyncIterable<Uint8Array>;
      /** Undefined when not known before the end. */
      readonly lengthBytes: number | undefined;
      /** Nobody else holds the chunks: whoever reads one may release its memory (release-memory.ts). Default false. */
      readonly givesChunks?: boolean;
      /** For whoever would read it: calls `use` at once with all of it, if it is at hand; nothing of it may be kept. False: it is to be read. */
      readonly lendWhole?: (use: (bytes: Uint8Array) => void) => boolean;
      /** The same value as often as the same bytes are sent: what was made of them may be kept under it. */
      readonly identity?: object;
    };

export const emptyBody: Body = { kind: "empty" };
