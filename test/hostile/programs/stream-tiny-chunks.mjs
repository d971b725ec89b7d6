// attack: a body of single bytes, as fast as they can be made
export default {
  fetch() {
    const byte = new Uint8Array([46]);
    return new Response(
      new ReadableStream(
        {
          pull(controller) {
            for (let index = 0; index < 10_000; index++) controller.enqueue(byte.slice());
          },
        },
        { highWaterMark: 100_000 },
      ),
    );
  },
};
