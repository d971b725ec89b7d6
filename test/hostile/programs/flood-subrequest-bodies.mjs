// attack: subrequests whose answers never end, read and left alone
export default {
  async fetch(request) {
    const internet = request.headers.get("hostile-internet");
    const answers = await Promise.all(Array.from({ length: 40 }, () => fetch(`${internet}/endless`)));
    const readers = answers.slice(0, 20).map(({ body }) => body.getReader());
    for (const reader of readers) await reader.read();
    const [first] = answers.slice(-1);
    return new Response((await first.arrayBuffer()).byteLength);
  },
};
