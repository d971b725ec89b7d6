// attack: egress: hooks that send a request to another origin, host, port and scheme than the domain has
const targets = [
  "http://127.0.0.1:PORT/",
  "http://localhost:PORT/",
  "http://[::1]:PORT/",
  "file:///etc/passwd",
  "http://169.254.169.254/",
];
let turn = 0;

export default {
  clientRequest(request) {
    request.headers.set("host", "neighbour.hostile.example");
    request.headers.set("x-forwarded-host", "127.0.0.1");
  },
  originPull(request) {
    const target = targets[turn++ % targets.length].replace("PORT", request.headers.get("hostile-forbidden-port"));
    return new Request(target, request);
  },
};
