// attack: egress to loopback, metadata and private addresses in every spelling
export default {
  async fetch(request) {
    const port = request.headers.get("hostile-forbidden-port") ?? "80";
    const admin = request.headers.get("hostile-admin-port") ?? "8081";
    const targets = [
      `http://127.0.0.1:${port}/plain`,
      `http://localhost:${port}/name`,
      `http://2130706433:${port}/decimal`,
      `http://0x7f000001:${port}/hex`,
      `http://0177.0.0.1:${port}/octal`,
      `http://127.1:${port}/short`,
      `http://[::1]:${port}/v6`,
      `http://[::ffff:127.0.0.1]:${port}/mapped`,
      `http://[::127.0.0.1]:${port}/compatible`,
      `http://[64:ff9b::7f00:1]:${port}/nat64`,
      `http://0.0.0.0:${port}/any`,
      `http://127.0.0.1.:${port}/dot`,
      `http://localhost.:${port}/name-dot`,
      `http://user:pass@127.0.0.1:${port}/user`,
      `http://①②⑦.0.0.1:${port}/wide`,
      `http://127.0.0.1:${admin}/healthz`,
      "http://169.254.169.254/latest/meta-data/",
      "http://[fd00:ec2::254]/latest/meta-data/",
      "http://metadata.google.internal/computeMetadata/v1/",
      "http://100.100.100.200/latest/meta-data/",
      "http://10.0.0.1/",
      "http://192.168.0.1/",
    ];
    const reached = [];
    await Promise.all(
      targets.map(async (target) => {
        try {
          const answer = await fetch(target, { signal: AbortSignal.timeout(1_000) });
          if (answer.status < 400) reached.push(target);
        } catch {
          // Refused, as it should be.
        }
      }),
    );
    return Response.json({ reached });
  },
};
