/** Ids after nanoid's README. */
import { customAlphabet, customRandom, nanoid, urlAlphabet } from "nanoid";

const hex = customAlphabet("1234567890abcdef", 10);
const COUNT = 2_000;

export default {
  fetch(request: Request): Response {
    switch (new URL(request.url).pathname) {
      case "/":
        return new Response(nanoid());
      case "/short":
        return new Response(nanoid(10));
      case "/hex":
        return new Response(hex());
      case "/none-twice":
        return Response.json({ different: new Set(Array.from({ length: COUNT }, () => nanoid())).size });
      case "/own-random":
        return new Response(customRandom("a", 5, (size) => new Uint8Array(size))());
      case "/alphabet":
        return Response.json({ characters: new Set(urlAlphabet).size });
      default:
        return new Response(null, { status: 404 });
    }
  },
};
