// attack: memory: sparse arrays that turn into dictionaries, and Array.from over a huge length
// limits: cpuMs=3000 fetchWallMs=6000
export default {
  fetch() {
    const sparse = [];
    for (let index = 0; index < 4_000_000; index++) sparse[index * 1_000] = index;
    return Response.json(Array.from({ length: 2 ** 32 - 1 }, (_, index) => ({ index, sparse })).length);
  },
};
