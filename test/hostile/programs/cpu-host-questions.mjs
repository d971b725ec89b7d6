// attack: CPU: questions that the host answers while the function waits, as fast as they can be asked
export default {
  async fetch(request) {
    const bytes = new Uint8Array(65_536);
    const even = Number(new URL(request.url).pathname.at(-1)) % 2 === 0;
    for (;;) {
      if (even) crypto.getRandomValues(bytes);
      else SubtleCrypto.supports("digest", "SHA-256");
    }
  },
};
