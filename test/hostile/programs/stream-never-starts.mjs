// attack: a body that never begins
export default {
  fetch() {
    return new Response(new ReadableStream({ start: () => new Promise(() => {}), pull: () => new Promise(() => {}) }));
  },
};
