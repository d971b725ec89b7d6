// attack: memory: symbols in the registry, WeakRefs, WeakMaps and finalizers that make more
// limits: cpuMs=3000 fetchWallMs=6000
const kept = [];

export default {
  fetch() {
    const weak = new WeakMap();
    const registry = new FinalizationRegistry(() => {
      for (let index = 0; index < 1_000; index++) registry.register({}, index);
    });
    for (let index = 0; ; index++) {
      const key = { index };
      kept.push(new WeakRef(key), Symbol.for(`symbol ${index} ${"x".repeat(200)}`));
      weak.set(key, { key, text: "y".repeat(200) });
      registry.register(key, index);
    }
  },
};
