// attack: publish time: a loop at the top level
for (;;);
export default { fetch: () => new Response("never") };
