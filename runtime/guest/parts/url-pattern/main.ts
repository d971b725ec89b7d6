/** Part: URLPattern (https://urlpattern.spec.whatwg.org/). */
export { URLPattern } from "./url-pattern.ts";
