/** The message a promise rejects with; attached at once, so that a test can do other things before it looks. */
export async function failureOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  throw new Error("The promise was expected to reject");
}
