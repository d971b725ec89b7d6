/**
 * `node:path`: POSIX paths (npm package `path-browserify`, Node's own code). There is no disk and no Windows here: `win32` does not exist,
 * and relative paths are relative to `/`.
 */
import path from "path-browserify";

const { basename, dirname, extname, format, isAbsolute, join, normalize, parse, relative, resolve, sep, delimiter } =
  path;

function toNamespacedPath(value: string): string {
  return value;
}

const posix: Record<string, unknown> = {
  basename,
  delimiter,
  dirname,
  extname,
  format,
  isAbsolute,
  join,
  normalize,
  parse,
  relative,
  resolve,
  sep,
  toNamespacedPath,
};
posix["posix"] = posix;

export {
  basename,
  delimiter,
  dirname,
  extname,
  format,
  isAbsolute,
  join,
  normalize,
  parse,
  posix,
  relative,
  resolve,
  sep,
  toNamespacedPath,
};
export default posix;
