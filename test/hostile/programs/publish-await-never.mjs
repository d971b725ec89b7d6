// attack: publish time: a top level that waits for ever
await new Promise(() => {});
export default { fetch: () => new Response("never") };
