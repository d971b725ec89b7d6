// attack: abort signals that follow each other by the hundred thousand, and events within events
export default {
  fetch() {
    const controller = new AbortController();
    let signal = controller.signal;
    for (let index = 0; index < 100_000; index++) signal = AbortSignal.any([signal, controller.signal]);
    const target = new EventTarget();
    const dispatch = () => {
      target.addEventListener("x", () => dispatch());
      target.dispatchEvent(new Event("x"));
    };
    signal.addEventListener("abort", dispatch);
    controller.abort();
    return new Response("never");
  },
};
