// attack: uploads that never end, to a server that does not read them
export default {
  async fetch(request) {
    const internet = request.headers.get("hostile-internet");
    const body = () => new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array(65_536)) });
    const uploads = Array.from({ length: 20 }, () =>
      fetch(`${internet}/silent`, { method: "POST", body: body(), duplex: "half" }),
    );
    await Promise.race(uploads);
    return new Response("never");
  },
};
