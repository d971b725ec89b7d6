import { describe, expect, it } from "vitest";
import { BackgroundTasks } from "../../../edge-node/supervisor/background-tasks.ts";
import { RecordingLogger } from "../support/recording-logger.ts";

describe("BackgroundTasks", () => {
  it("logs a failure with the task's name and forgets the task", async () => {
    const logger = new RecordingLogger();
    const tasks = new BackgroundTasks(logger);
    tasks.add("works", Promise.resolve(1));
    tasks.add("breaks", Promise.reject(new Error("no")));
    expect(tasks.count).toBe(2);
    await tasks.settled();
    expect(tasks.count).toBe(0);
    expect(logger.lines).toMatchObject([{ event: "background.failed", fields: { task: "breaks" } }]);
  });

  it("settled() waits for tasks that are added meanwhile", async () => {
    const tasks = new BackgroundTasks(new RecordingLogger());
    const ended: string[] = [];
    const second = async (): Promise<void> => {
      await new Promise((resolve) => setImmediate(resolve));
      ended.push("second");
    };
    const first = async (): Promise<void> => {
      await Promise.resolve();
      tasks.add("second", second());
      ended.push("first");
    };
    tasks.add("first", first());
    await tasks.settled();
    expect(ended).toEqual(["first", "second"]);
  });
});
