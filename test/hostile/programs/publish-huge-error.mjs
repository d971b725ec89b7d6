// attack: publish time: an error whose message and name are as long as strings can be
class Loud extends Error {
  name = "n".repeat(100_000_000);
}
throw new Loud("e".repeat(200_000_000));
export default { fetch: () => new Response("never") };
