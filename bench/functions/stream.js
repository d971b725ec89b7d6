/**
 * What `stream` measures: a body from another server, chunk by chunk through a TransformStream of the author's, to the client.
 * Runs unchanged on Selvage and on workerd.
 */
// oxlint-disable-next-line import/no-default-export -- both runtimes take a module's hooks from its default export
export default {
  async fetch(request) {
    const origin = new URL(request.url).searchParams.get("origin");
    if (origin === null) return new Response("no origin");
    const answer = await fetch(origin);
    const same = new TransformStream({
      transform(chunk, controller) {
        controller.enqueue(chunk);
      },
    });
    return new Response(answer.body.pipeThrough(same));
  },
};
