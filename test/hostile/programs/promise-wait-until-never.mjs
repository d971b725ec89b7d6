// attack: waitUntil: a promise that never settles, so that the instance and its memory stay for ever, also when the version is gone
export default {
  fetch(request, env, ctx) {
    globalThis.kept ??= [];
    kept.push(new Array(200_000).fill((value) => value));
    ctx.waitUntil(new Promise(() => {}));
    setInterval(() => {}, 1_000);
    return new Response("ok");
  },
};
