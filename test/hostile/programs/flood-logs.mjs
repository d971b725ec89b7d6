// attack: log floods: lines without number, lines of a hundred MiB, objects without end
export default {
  fetch(request, env, ctx) {
    const wide = Object.fromEntries(Array.from({ length: 10_000 }, (_, index) => [index, { index }]));
    wide.self = wide;
    console.log("l".repeat(100_000_000));
    for (;;) {
      console.error(wide);
      ctx.logger.info("line", { wide });
      console.table?.([wide]);
    }
  },
};
