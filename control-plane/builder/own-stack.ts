/** Cuts a stack down to the lines that are the author's: no frame of the builder, no path of this machine. */
export function ownStack(stack: string): string {
  const boundary = stack.indexOf("\n    at (<isolated-vm boundary>)");
  const own = boundary < 0 ? stack : stack.slice(0, boundary);
  return own
    .split("\n")
    .filter((line) => !/^\s+at .*(?:file:\/\/|node:internal|<isolated-vm)/.test(line))
    .join("\n");
}
