// attack: memory: a small gzip body that inflates to far more than the instance may hold
// limits: cpuMs=3000 fetchWallMs=6000
async function bomb(layers) {
  const zeros = new Uint8Array(1_024 * 1_024);
  let written = 0;
  let stream = new ReadableStream({
    pull(controller) {
      if (written++ < 64) controller.enqueue(zeros);
      else controller.close();
    },
  });
  for (let layer = 0; layer < layers; layer++) stream = stream.pipeThrough(new CompressionStream("gzip"));
  return new Response(stream).arrayBuffer();
}

export default {
  async fetch(request) {
    const kept = [];
    const packed = await bomb(2);
    const internet = request.headers.get("hostile-internet");
    for (;;) {
      const inner = new Response(packed).body.pipeThrough(new DecompressionStream("gzip"));
      const outer = inner.pipeThrough(new DecompressionStream("gzip"));
      kept.push(await new Response(outer).bytes());
      const remote = await fetch(`${internet}/bomb`);
      for await (const chunk of remote.body.pipeThrough(new DecompressionStream("gzip"))) kept.push(chunk);
    }
  },
};
