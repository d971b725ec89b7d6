// attack: header values of tens of MiB, and thousands that are just small enough
export default {
  fetch(request) {
    if (new URL(request.url).pathname.endsWith("2"))
      return new Response("x", { headers: { "x-huge": "h".repeat(50_000_000) } });
    const headers = new Headers();
    for (let index = 0; index < 2_000; index++) headers.append("set-cookie", `c${index}=${"v".repeat(4_000)}`);
    return new Response("x", { headers });
  },
};
