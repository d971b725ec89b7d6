/** `node:stream`: the npm package `readable-stream` (Node 18's streams), with conversions from and to web streams. */
import { readableStream as stream } from "./stream-classes.ts";
import {
  duplexFromWeb,
  duplexToWeb,
  readableFromWeb,
  readableToWeb,
  writableFromWeb,
  writableToWeb,
} from "./stream-adapters.ts";

const { Readable, Writable, Duplex, Transform, PassThrough } = stream;
const { addAbortSignal, compose, destroy, finished, getDefaultHighWaterMark, pipeline, setDefaultHighWaterMark } =
  stream;
const { isDestroyed, isDisturbed, isErrored, isReadable, isWritable, promises } = stream;

Object.assign(Readable, { fromWeb: readableFromWeb, toWeb: readableToWeb });
Object.assign(Writable, { fromWeb: writableFromWeb, toWeb: writableToWeb });
Object.assign(Duplex, { fromWeb: duplexFromWeb, toWeb: duplexToWeb });

// A bundler may have renamed them.
for (const [name, value] of Object.entries({ Duplex, PassThrough, Readable, Stream: stream, Transform, Writable })) {
  Object.defineProperty(value, "name", { value: name, configurable: true });
}

const Stream: typeof stream = stream;
export {
  Duplex,
  PassThrough,
  Readable,
  Stream,
  Transform,
  Writable,
  addAbortSignal,
  compose,
  destroy,
  finished,
  getDefaultHighWaterMark,
  isDestroyed,
  isDisturbed,
  isErrored,
  isReadable,
  isWritable,
  pipeline,
  promises,
  setDefaultHighWaterMark,
};
export default Stream;
