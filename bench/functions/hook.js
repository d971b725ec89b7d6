/** What `hook` measures: a clientRequest function that sets one request header, in front of a cache hit. */
// oxlint-disable-next-line import/no-default-export -- a module's hooks are its default export
export default {
  clientRequest(request) {
    request.headers.set("x-hook", "seen");
    return request;
  },
};
