// attack: memory: objects with a million properties, and hidden classes without number
// limits: cpuMs=3000 fetchWallMs=6000
export default {
  fetch() {
    const kept = [];
    for (let round = 0; ; round++) {
      const object = {};
      for (let index = 0; index < 1_000_000; index++) object[`p${round}_${index}`] = index;
      kept.push(object, Object.entries(object), structuredClone(Object.keys(object)));
    }
  },
};
