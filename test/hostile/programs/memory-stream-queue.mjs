// attack: memory: a stream whose queue never says no, and one that is read in one piece
// limits: cpuMs=3000 fetchWallMs=6000
export default {
  async fetch() {
    const stream = new ReadableStream(
      {
        start(controller) {
          for (let index = 0; index < 100_000; index++) controller.enqueue(new Uint8Array(65_536).fill(index));
          controller.close();
        },
      },
      { highWaterMark: Infinity, size: () => 0 },
    );
    return new Response(await new Response(stream).arrayBuffer());
  },
};
