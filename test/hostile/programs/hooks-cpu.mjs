// attack: CPU in every phase of one request
const spin = () => {
  for (;;);
};
export default {
  clientRequest: (request) => void request.headers.set("x", "y"),
  originPull: spin,
  originResponse: spin,
  clientResponse: spin,
};
