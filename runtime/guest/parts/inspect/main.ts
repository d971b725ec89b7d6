/** Part: values as text for the log, as the console shows them. What consists of strings alone never comes here (web/console/format.ts). */
export { formatLog } from "./format.ts";
export { inspect } from "./inspect.ts";
export { tableText } from "./table.ts";
