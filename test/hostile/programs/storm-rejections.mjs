// attack: unhandled rejections by the hundred thousand, and handlers that reject again
export default {
  fetch() {
    addEventListener("unhandledrejection", () => {
      for (let index = 0; index < 10; index++) Promise.reject(new Error("again"));
    });
    for (let index = 0; index < 100_000; index++) Promise.reject(new Error("x".repeat(1_000)));
    return new Response("answered");
  },
};
