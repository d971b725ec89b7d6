/* oxlint-disable no-var -- globals are var */
/**
 * `process` for authors: the variables of the function, read only; at the module's top level there is NODE_ENV alone. What else of it code may write
 * (`process.nextTick`) the bundler puts in its place: node-modules.d.ts.
 */

interface Process {
  readonly env: Readonly<Record<string, string | undefined>>;
}

declare var process: Process;
