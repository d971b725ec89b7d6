// attack: promises: an answer that never comes, while something is always to be done
export default {
  fetch(request, env, ctx) {
    ctx.waitUntil(new Promise(() => {}));
    setInterval(() => {}, 1);
    return new Promise(() => {});
  },
};
