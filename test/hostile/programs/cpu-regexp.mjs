// attack: CPU: a regular expression that backtracks for ever
export default {
  fetch() {
    return new Response(String(/^(?:(?:a+)+|b)*c$/.test(`${"a".repeat(40)}!`)));
  },
};
