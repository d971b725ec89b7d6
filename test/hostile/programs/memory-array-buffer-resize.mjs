// attack: memory: resizable ArrayBuffers that grow, transfer() and slice()
// limits: cpuMs=3000 fetchWallMs=6000
export default {
  fetch() {
    const kept = [];
    for (;;) {
      const buffer = new ArrayBuffer(8, { maxByteLength: 2 ** 30 });
      buffer.resize(2 ** 28);
      new Uint8Array(buffer).fill(7);
      kept.push(buffer.slice(0), buffer.transfer(2 ** 29));
    }
  },
};
