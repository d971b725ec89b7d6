/**
 * Turns what testharness.js says into one answer. Takes what it needs before the test runs, because tests replace globals.
 * `guardMs` is declared by the program that this is pasted into.
 */
globalThis.__wptReport = (() => {
  const { stringify } = JSON;
  const { promise, resolve } = Promise.withResolvers();
  add_completion_callback((tests, status) => {
    const subtests = [];
    for (let index = 0; index < tests.length; index += 1) {
      const { name, status: outcome, message, stack } = tests[index];
      subtests[index] = { name, status: outcome, message: message ?? "", stack: outcome === 0 ? "" : (stack ?? "") };
    }
    resolve(stringify({ status: status.status, message: status.message ?? "", subtests }));
  });
  // The shell environment of testharness.js has no clock of its own: this one reports what is there and marks the rest as timed out.
  setTimeout(() => timeout(), guardMs);
  return promise;
})();
