// attack: publish time: Intl, timers, randomness and streams that do not fit into a snapshot
const formats = ["en", "ar", "ja"].map((locale) => new Intl.DateTimeFormat(locale, { dateStyle: "full" }));
const segmenter = new Intl.Segmenter("th");
const wasm = new WebAssembly.Memory({ initial: 10 });
const timer = setInterval(() => {}, 1);
const stream = new ReadableStream({
  pull: (controller) => controller.enqueue(crypto.getRandomValues(new Uint8Array(1_024))),
});
const registry = new FinalizationRegistry(() => {});
registry.register({}, stream);

export default {
  fetch() {
    const parts = [...segmenter.segment("hello")].length;
    return Response.json([
      formats.map((format) => format.format(0)),
      parts,
      wasm.buffer.byteLength,
      timer,
      registry instanceof Object,
    ]);
  },
};
