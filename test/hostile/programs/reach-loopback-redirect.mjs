// attack: egress: redirects to loopback, followed by the platform and by hand
export default {
  async fetch(request) {
    const internet = request.headers.get("hostile-internet");
    const reached = [];
    for (const redirect of ["follow", "manual"]) {
      try {
        let answer = await fetch(`${internet}/redirect`, { redirect });
        const location = answer.headers.get("location");
        if (location !== null) answer = await fetch(location);
        if ((await answer.text()).includes("forbidden")) reached.push(redirect);
      } catch {
        // Refused, as it should be.
      }
    }
    try {
      const socket = new WebSocket(`ws://127.0.0.1:${request.headers.get("hostile-forbidden-port")}/socket`);
      await new Promise((resolve) => {
        socket.addEventListener("open", () => resolve(reached.push("socket")));
        socket.addEventListener("close", resolve);
        socket.addEventListener("error", resolve);
      });
    } catch {
      // Refused, as it should be.
    }
    return Response.json({ reached });
  },
};
