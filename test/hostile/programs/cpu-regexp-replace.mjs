// attack: CPU: patterns over long strings in replace, split and matchAll, with look-behind
export default {
  fetch() {
    const text = "a".repeat(200_000);
    const count = [...text.matchAll(/(?<=(a*)*)a(?=(a+)+$)/g)].length;
    return new Response(String(count + text.replace(/(a+)+b/g, "").length + text.split(/(?:a|aa)+b/).length));
  },
};
