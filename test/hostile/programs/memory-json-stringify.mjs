// attack: memory: JSON.stringify of a structure that shares everything with itself
// limits: cpuMs=3000 fetchWallMs=6000
export default {
  fetch() {
    let node = { text: "x".repeat(1_000) };
    for (let depth = 0; depth < 30; depth++) node = { left: node, right: node };
    return new Response(JSON.stringify(node, null, "          "));
  },
};
