// attack: CPU and memory: a document nested a million deep, with a selector for every element
export default {
  fetch() {
    const html = "<div class=a>".repeat(1_000_000);
    let rewriter = new HTMLRewriter();
    for (let index = 0; index < 200; index++) {
      rewriter = rewriter.on(`div:not(.b${index}) div > div.a`, {
        element: (element) => element.append("<p>".repeat(100), { html: true }),
      });
    }
    return rewriter.transform(new Response(html));
  },
};
