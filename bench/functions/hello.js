/**
 * What `hello`, `density` and `cold` measure: constant text, the URL's path and one header.
 * Runs unchanged on Selvage and on workerd.
 */
// oxlint-disable-next-line import/no-default-export -- both runtimes take a module's hooks from its default export
export default {
  fetch(request) {
    return new Response(`Hello from the edge: ${new URL(request.url).pathname}`, { headers: { "x-hello": "edge" } });
  },
};
