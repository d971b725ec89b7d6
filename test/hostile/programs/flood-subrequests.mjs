// attack: subrequest floods: ten thousand at once, none of them waited for
export default {
  async fetch(request) {
    const internet = request.headers.get("hostile-internet");
    for (let index = 0; index < 10_000; index++) fetch(`${internet}/flood/${index}`).catch(() => {});
    const answers = await Promise.allSettled(
      Array.from({ length: 1_000 }, (_, index) => fetch(`${internet}/silent?${index}`)),
    );
    return new Response(String(answers.length));
  },
};
