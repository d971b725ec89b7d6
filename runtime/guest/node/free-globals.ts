/**
 * What Node has as globals, for code that uses them without an import: the bundler puts each in place of a free identifier (`Buffer`) or of a
 * member of the free identifier `process` (`process.nextTick`) where one occurs, and leaves the rest out.
 */
export { Buffer } from "./buffer.ts";
export { clearImmediate, setImmediate } from "./timers.ts";
export {
  argv as __process_argv,
  cwd as __process_cwd,
  emitWarning as __process_emitWarning,
  hrtime as __process_hrtime,
  nextTick as __process_nextTick,
  platform as __process_platform,
  uptime as __process_uptime,
  version as __process_version,
  versions as __process_versions,
} from "./process.ts";
