/** `node:stream/promises`. */
import { promises } from "./stream.ts";

const { finished, pipeline } = promises;
export { finished, pipeline };
export default promises;
