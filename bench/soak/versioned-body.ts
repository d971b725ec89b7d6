/**
 * Bodies that say what they are: each carries its key, its version and its length, and every byte follows from them.
 *
 * So whoever gets one can tell a foreign body from an old one and a torn one from a whole one. Pure.
 */

/** The whole body. `bytes` is at least `headBytesMax`. */
export function versionedBody(
  key: string,
  { version, bytes }: { readonly version: number; readonly bytes: number },
): Buffer {
  const head = `${key} ${version} ${bytes}\n`;
  if (bytes < head.length || head.length > headBytesMax) {
    throw new RangeError(
      `Cannot make a body for ${key}: it needs ${head.length}..${headBytesMax} bytes: received ${bytes}`,
    );
  }
  const body = Buffer.alloc(bytes, `${key}#${version};`);
  body.write(head, "latin1");
  return body;
}

export const headBytesMax = 256;

export type BodyVerdict =
  | { readonly kind: "whole"; readonly version: number }
  /** It is not what was asked for. */
  | { readonly kind: "foreign"; readonly detail: string }
  /** It is what was asked for, damaged or cut. */
  | { readonly kind: "torn"; readonly detail: string };

/** What a body is, seen from whoever asked for `key`. */
export function judgeBody(body: Buffer, key: string): BodyVerdict {
  const end = body.subarray(0, headBytesMax).indexOf(10);
  const match = /^(\S+) (\d+) (\d+)$/.exec(end < 0 ? "" : body.toString("latin1", 0, end));
  if (match?.[1] === undefined) return { kind: "torn", detail: `no head in ${body.byteLength} bytes` };
  if (match[1] !== key) return { kind: "foreign", detail: `asked for ${key}, received ${match[1]}` };
  const version = Number(match[2]);
  const bytes = Number(match[3]);
  if (body.byteLength !== bytes) return { kind: "torn", detail: `${key}: ${body.byteLength} of ${bytes} bytes` };
  const isRight = versionedBody(key, { version, bytes }).equals(body);
  return isRight ? { kind: "whole", version } : { kind: "torn", detail: `${key}: damaged` };
}
