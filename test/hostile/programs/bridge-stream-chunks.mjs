// attack: getters and proxies: body chunks that are no bytes, that change, that are detached
function* chunks() {
  const detached = new Uint8Array(1_024);
  structuredClone(detached, { transfer: [detached.buffer] });
  const resizable = new ArrayBuffer(1_024, { maxByteLength: 4_096 });
  const view = new Uint8Array(resizable);
  yield new Uint8Array(0);
  yield view;
  resizable.resize(0);
  yield view;
  yield detached;
  yield new DataView(new ArrayBuffer(8));
  yield Object.create(Uint8Array.prototype);
  yield new Proxy(new Uint8Array(8), { get: () => 2 ** 40 });
  yield { byteLength: 2 ** 40, buffer: new ArrayBuffer(1) };
}
const all = [...chunks()];

export default {
  fetch(request) {
    const chunk = all[Number(new URL(request.url).pathname.split("/").at(-1)) % all.length];
    return new Response(
      new ReadableStream({
        pull(controller) {
          controller.enqueue(chunk);
        },
      }),
    );
  },
};
