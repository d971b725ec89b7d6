// attack: 10^6 headers in an answer
export default {
  fetch() {
    const headers = new Headers();
    for (let index = 0; index < 1_000_000; index++) headers.append(`x-${index}`, "value");
    return new Response("never", { headers });
  },
};
