// attack: memory: answers as large as strings and buffers can be
// limits: cpuMs=3000 fetchWallMs=6000
export default {
  fetch(request) {
    if (new URL(request.url).pathname.endsWith("1")) return new Response(new Uint8Array(1_500_000_000));
    return new Response("0123456789abcdef".repeat(2 ** 25 - 1));
  },
};
