// attack: memory: Map and Set up to their largest size
// limits: cpuMs=3000 fetchWallMs=6000
export default {
  fetch() {
    const map = new Map();
    const set = new Set();
    for (let index = 0; ; index++) {
      map.set(index, [index]);
      set.add(`value ${index}`);
    }
  },
};
