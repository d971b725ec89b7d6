/** The part `html-rewriter`. */
export { HTMLRewriter } from "./html-rewriter.ts";
