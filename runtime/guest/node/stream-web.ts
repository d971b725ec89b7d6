/** `node:stream/web`: the globals. */
const theByteLengthQueuingStrategy = ByteLengthQueuingStrategy;
const theCountQueuingStrategy = CountQueuingStrategy;
const theReadableByteStreamController = ReadableByteStreamController;
const theReadableStream = ReadableStream;
const theReadableStreamBYOBReader = ReadableStreamBYOBReader;
const theReadableStreamBYOBRequest = ReadableStreamBYOBRequest;
const theReadableStreamDefaultController = ReadableStreamDefaultController;
const theReadableStreamDefaultReader = ReadableStreamDefaultReader;
const theTextDecoderStream = TextDecoderStream;
const theTextEncoderStream = TextEncoderStream;
const theTransformStream = TransformStream;
const theTransformStreamDefaultController = TransformStreamDefaultController;
const theWritableStream = WritableStream;
const theWritableStreamDefaultController = WritableStreamDefaultController;
const theWritableStreamDefaultWriter = WritableStreamDefaultWriter;

const exported: Readonly<Record<string, unknown>> = {
  ByteLengthQueuingStrategy,
  CountQueuingStrategy,
  ReadableByteStreamController,
  ReadableStream,
  ReadableStreamBYOBReader,
  ReadableStreamBYOBRequest,
  ReadableStreamDefaultController,
  ReadableStreamDefaultReader,
  TextDecoderStream,
  TextEncoderStream,
  TransformStream,
  TransformStreamDefaultController,
  WritableStream,
  WritableStreamDefaultController,
  WritableStreamDefaultWriter,
};
export {
  theByteLengthQueuingStrategy as ByteLengthQueuingStrategy,
  theCountQueuingStrategy as CountQueuingStrategy,
  theReadableByteStreamController as ReadableByteStreamController,
  theReadableStream as ReadableStream,
  theReadableStreamBYOBReader as ReadableStreamBYOBReader,
  theReadableStreamBYOBRequest as ReadableStreamBYOBRequest,
  theReadableStreamDefaultController as ReadableStreamDefaultController,
  theReadableStreamDefaultReader as ReadableStreamDefaultReader,
  theTextDecoderStream as TextDecoderStream,
  theTextEncoderStream as TextEncoderStream,
  theTransformStream as TransformStream,
  theTransformStreamDefaultController as TransformStreamDefaultController,
  theWritableStream as WritableStream,
  theWritableStreamDefaultController as WritableStreamDefaultController,
  theWritableStreamDefaultWriter as WritableStreamDefaultWriter,
};
export default exported;
