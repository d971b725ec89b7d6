// attack: bodies in every phase: read, replaced, locked, never read, handed on twice
const endless = () => new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array(16_384)) });

export default {
  clientRequest(request) {
    return new Request(request, { headers: { ...Object.fromEntries(request.headers), "x-phase": "1" } });
  },
  originPull(request, env, ctx) {
    ctx.waitUntil(request.text());
    return request;
  },
  originResponse(response) {
    response.body?.getReader();
    return new Response(endless(), response);
  },
  clientResponse(response) {
    return new Response(response.body?.pipeThrough(new TransformStream()), { headers: response.headers });
  },
};
