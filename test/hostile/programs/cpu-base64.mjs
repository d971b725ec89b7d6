// attack: CPU: atob and btoa of the longest strings
export default {
  fetch() {
    const text = "A".repeat(400_000_000);
    for (;;) if (btoa(atob(text)) === "") return new Response("never");
  },
};
