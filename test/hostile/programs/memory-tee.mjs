// attack: memory: a body read at one end of tee() only
// limits: cpuMs=3000 fetchWallMs=6000
const kept = [];

export default {
  async fetch() {
    const chunk = new Uint8Array(1_024 * 1_024);
    const source = new ReadableStream({ pull: (controller) => controller.enqueue(chunk.slice()) });
    const [one, other] = source.tee();
    kept.push(other);
    for await (const part of one) kept.length = Math.min(kept.length, part.length);
    return new Response("done");
  },
};
