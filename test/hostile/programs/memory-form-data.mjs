// attack: memory: a FormData of a million entries, encoded, parsed, encoded again
// limits: cpuMs=3000 fetchWallMs=6000
export default {
  async fetch() {
    const form = new FormData();
    const value = "v".repeat(10_000);
    for (let index = 0; index < 1_000_000; index++) form.append(`name${index}`, index % 2 ? value : new Blob([value]));
    let answer = new Response(form);
    for (;;) answer = new Response(await answer.formData());
  },
};
