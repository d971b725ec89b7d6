/**
 * Splits a stream of bytes into lines, with a bound on each line.
 *
 * Invariant: only lines that were ended by LF are handed out; what a broken stream leaves behind is dropped, never parsed.
 */

/** A line grew beyond its bound. */
export class LineTooLongError extends Error {
  constructor(lineBytesMax: number) {
    super(`Cannot read a line: longer than ${lineBytesMax} bytes`);
    this.name = "LineTooLongError";
  }
}

/** The lines of `chunks` without their LF, blank ones left out. Throws `LineTooLongError`, or what `chunks` throws. */
export async function* readLines(
  chunks: AsyncIterable<Uint8Array>,
  options: { readonly lineBytesMax: number },
): AsyncGenerator<string, void, undefined> {
  let parts: Uint8Array[] = [];
  let held = 0;
  for await (const chunk of chunks) {
    let start = 0;
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, start)) {
      parts.push(chunk.subarray(start, end));
      if (held + end - start > options.lineBytesMax) throw new LineTooLongError(options.lineBytesMax);
      const line = Buffer.concat(parts).toString("utf8").trim();
      parts = [];
      held = 0;
      start = end + 1;
      if (line !== "") yield line;
    }
    held += chunk.byteLength - start;
    if (held > options.lineBytesMax) throw new LineTooLongError(options.lineBytesMax);
    if (start < chunk.byteLength) parts.push(chunk.subarray(start));
  }
}
