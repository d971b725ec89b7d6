// attack: CPU and stack: recursion through every kind of frame, caught and begun again
export default {
  fetch() {
    function dive(depth) {
      try {
        return [1].map(() => JSON.parse("[1]", () => dive(depth + 1)))[0];
      } catch {
        return dive(depth + 1);
      }
    }
    for (;;) {
      try {
        dive(0);
      } catch {
        // Once more.
      }
    }
  },
};
