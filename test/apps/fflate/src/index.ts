/** Packs and unpacks with fflate, at once and while it streams. */
import {
  decompressSync,
  Gzip,
  gunzipSync,
  gzipSync,
  strFromU8,
  strToU8,
  unzipSync,
  zipSync,
  type Unzipped,
} from "fflate";

/** A stream that packs what goes through it. */
function gzipStream(): TransformStream<Uint8Array, Uint8Array> {
  const gzip = new Gzip({ level: 9 });
  return new TransformStream<Uint8Array, Uint8Array>({
    start(controller) {
      gzip.ondata = (chunk) => {
        controller.enqueue(chunk);
      };
    },
    transform(chunk) {
      gzip.push(chunk);
    },
    flush() {
      gzip.push(new Uint8Array(0), true);
    },
  });
}

function texts(files: Unzipped): Record<string, string> {
  return Object.fromEntries(Object.entries(files).map(([name, bytes]) => [name, strFromU8(bytes)]));
}

export default {
  async fetch(request: Request): Promise<Response> {
    const { pathname } = new URL(request.url);
    if (pathname === "/gzip-stream") return new Response(request.body?.pipeThrough(gzipStream()));
    const bytes = new Uint8Array(await request.arrayBuffer());
    try {
      switch (pathname) {
        case "/gunzip":
          return new Response(gunzipSync(bytes));
        case "/decompress":
          return new Response(strFromU8(decompressSync(bytes)));
        case "/gzip":
          return new Response(gzipSync(bytes, { mtime: 0 }));
        case "/unzip":
          return Response.json(texts(unzipSync(bytes)));
        case "/zip": {
          const files = JSON.parse(strFromU8(bytes)) as Record<string, string>;
          const packed = zipSync(
            Object.fromEntries(Object.entries(files).map(([name, text]) => [name, strToU8(text)])),
          );
          return Response.json(texts(unzipSync(packed)));
        }
        default:
          return new Response(null, { status: 404 });
      }
    } catch (error) {
      return new Response((error as Error).message, { status: 400 });
    }
  },
};
