// attack: words to the host as long as strings can be: errors, URLs, header lines, log lines, reasons, names
// limits: cpuMs=1000
const huge = "w".repeat(200_000_000);

export default {
  async fetch(request, env, ctx) {
    const attempts = [
      () => {
        throw new Error(huge);
      },
      () => console.log(huge),
      () => fetch(`https://hostile.example/${huge}`),
      () => fetch("https://hostile.example/", { headers: { "x-huge": huge } }),
      () => fetch("https://hostile.example/", { method: "POST", body: huge }),
      () => caches.open(huge),
      () => caches.default.match(`https://hostile.example/${huge}`),
      () => Response.redirect(`https://hostile.example/${huge}`),
      () => new WebSocket(`wss://hostile.example/${huge}`, [huge]),
      () => Promise.reject(Object.assign(new Error("x"), { stack: huge })),
    ];
    ctx.waitUntil(Promise.reject(huge));
    await attempts[Number(new URL(request.url).pathname.split("/").at(-1)) % attempts.length]();
    return new Response(huge);
  },
};
