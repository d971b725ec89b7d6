// attack: memory: Blobs of Blobs, doubled until nothing is left
// limits: cpuMs=3000 fetchWallMs=6000
export default {
  async fetch() {
    let blob = new Blob([new Uint8Array(1_024 * 1_024).fill(65)]);
    for (let index = 0; index < 40; index++) blob = new Blob([blob, blob, blob.slice(1)]);
    return new Response(await blob.text());
  },
};
