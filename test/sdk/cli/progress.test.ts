/** Claims about the progress line: silent at first and away from terminals, and gone at the end. */
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Progress } from "../../../sdk/cli/progress.ts";

let written = "";

beforeEach(() => {
  vi.useFakeTimers();
  written = "";
});

afterEach(() => {
  vi.useRealTimers();
});

function start(isShown: boolean): Progress {
  const startMs = Date.now();
  const sink = {
    isTerminal: isShown,
    write: (text: string) => {
      written += text;
    },
  };
  return new Progress("building", { sink, isShown, monotonicMs: () => Date.now() - startMs });
}

describe("Progress", () => {
  test("says nothing within the first second", () => {
    const progress = start(true);
    vi.advanceTimersByTime(999);
    progress.stop();
    expect(written).toBe("");
  });

  test("then shows what is going on and for how long, and removes it", () => {
    const progress = start(true);
    vi.advanceTimersByTime(1_000);
    expect(written).toContain("building (1 s)");
    progress.update("uploading");
    vi.advanceTimersByTime(1_000);
    expect(written).toContain("uploading (2 s)");
    progress.stop();
    expect(written.endsWith("\r\u001b[2K")).toBe(true);
  });

  test("shows nothing where it is not wanted", () => {
    const progress = start(false);
    vi.advanceTimersByTime(10_000);
    progress.stop();
    expect(written).toBe("");
  });
});
