// attack: streams piped through a thousand transforms, and a pipe that leads into itself
export default {
  fetch() {
    let stream = new ReadableStream({ pull: (controller) => controller.enqueue("x".repeat(1_000)) });
    for (let index = 0; index < 1_000; index++) {
      stream = stream.pipeThrough(
        new TransformStream({ transform: (chunk, controller) => controller.enqueue(chunk + chunk) }),
      );
    }
    const { readable, writable } = new TransformStream();
    readable.pipeTo(writable).catch(() => {});
    return new Response(stream.pipeThrough(new TextEncoderStream()));
  },
};
