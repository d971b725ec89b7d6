// attack: subrequest loops: to the own domain by way of an origin that hands requests back, and to itself
export default {
  clientRequest(request) {
    const url = new URL(request.url);
    url.pathname = "/loop";
    return new Request(url, request);
  },
  originPull(request) {
    request.headers.delete("cdn-loop");
    request.headers.delete("via");
    request.headers.set("cdn-loop", "");
  },
};
