// attack: WebSockets by the thousand: pairs, clients, and messages that nobody takes
export default {
  fetch(request) {
    const internet = request.headers.get("hostile-internet").replace("http", "ws");
    const sockets = [];
    for (let index = 0; index < 5_000; index++) {
      try {
        const { 0: one, 1: other } = new WebSocketPair();
        one.accept();
        other.accept();
        one.addEventListener("message", ({ data }) => one.send(data + data));
        other.addEventListener("message", ({ data }) => other.send(data));
        one.send("x".repeat(100_000));
        sockets.push(one, other, new WebSocket(`${internet}/socket/${index}`));
      } catch {
        // The limit is what is looked for.
      }
    }
    return new Response(String(sockets.length));
  },
};
