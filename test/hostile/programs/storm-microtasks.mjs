// attack: a microtask that queues the next, for ever
export default {
  fetch() {
    const again = () => queueMicrotask(again);
    again();
    return new Promise(() => {});
  },
};
