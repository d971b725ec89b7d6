// attack: egress: the control plane and the admin port, with tokens guessed and fields smuggled
export default {
  async fetch(request) {
    const control = request.headers.get("hostile-control-port");
    const admin = request.headers.get("hostile-admin-port");
    const reached = [];
    const headers = { authorization: "Bearer slv_", host: "127.0.0.1", "x-forwarded-for": "127.0.0.1" };
    for (const target of [
      `http://127.0.0.1:${control}/v1/functions`,
      `http://127.0.0.1:${control}/healthz`,
      `http://127.0.0.1:${admin}/metrics`,
    ]) {
      for (const method of ["GET", "POST", "CONNECT", "TRACE"]) {
        try {
          const answer = await fetch(target, { method, headers });
          reached.push(`${method} ${target} ${answer.status}`);
        } catch {
          // Refused, as it should be.
        }
      }
    }
    return Response.json({ reached });
  },
};
