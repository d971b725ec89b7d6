// attack: memory: caches.default and named caches filled without end
// limits: cpuMs=3000 fetchWallMs=6000
export default {
  async fetch() {
    const body = "c".repeat(1_000_000);
    const options = { headers: { "cache-control": "max-age=3600" } };
    for (let index = 0; index < 10_000; index++) {
      const cache = await caches.open(`cache ${index}`);
      await cache.put(`https://hostile.example/${index}`, new Response(body, options));
    }
    return new Response("done");
  },
};
