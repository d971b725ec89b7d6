// attack: a hundred thousand timers, each of which sets more
export default {
  fetch() {
    const more = () => {
      for (let index = 0; index < 10; index++) setTimeout(more, 0);
    };
    for (let index = 0; index < 100_000; index++) setInterval(more, 0);
    return new Promise(() => {});
  },
};
