// attack: CPU: a comparator that sorts within its sort
export default {
  fetch() {
    const list = Array.from({ length: 100_000 }, (_, index) => index);
    const compare = (one, other) => {
      list.slice(0, 1_000).sort((a, b) => ((a * 7) % 11) - ((b * 5) % 13));
      return ((one * 31) % 17) - other;
    };
    for (;;) list.toSorted(compare);
  },
};
