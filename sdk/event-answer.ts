/** What goes along with an event, and how the answer of an event function says what came of it: headers and the numbers in them (interfaces.md §1.3). */

/** Answers of event functions, where they leave a node (interfaces.md §1.3). */
export const eventHeaders = {
  /** 0, or the number of what went wrong. */
  code: "x-func-err-code",
  /** `true` where the function, not the platform, is at fault. */
  isFunctionError: "x-is-func-err",
} as const;

/** What the platform says of an event on its way to the handler. No client can: no rule leads to that hook. */
export const eventRequestHeaders = {
  /** The alias that was asked for. */
  alias: "x-cff-alias",
  /** MiB; of who sends an event by REST, one of the version's `event.memorySizesMiB`. */
  memory: "x-cff-instance-memory",
} as const;

/** Numbers of what can go wrong with an event function (interfaces.md §1.3). */
export const eventCodes = {
  ok: 0,
  /** The module or its export is not usable, or a callback was given an error. */
  entry: 4001,
  /** The handler threw, or the event is not JSON. */
  invocation: 4002,
  resultTooLarge: 4004,
  /** The result cannot be written as JSON. */
  resultInvalid: 4007,
  initialization: 4009,
  invokeTimeout: 4010,
  initializerTimeout: 4211,
} as const;
