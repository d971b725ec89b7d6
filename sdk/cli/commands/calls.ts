/** `selvage calls`: asynchronous calls are listed, shown and cancelled; how a function's are treated is in calls-config.ts. */
import { Option } from "commander";
import { callStates, type CallResource, type CallState, type QueueMessage } from "../../calls.ts";
import { parseLimit, parseSequence } from "../option-values.ts";
import { examples, type AddCommand } from "../session.ts";
import { printable, textTable } from "../text-table.ts";
import { addCallsConfig } from "./calls-config.ts";

interface ListOptions {
  readonly function?: string;
  readonly state?: CallState;
  readonly limit?: number;
  readonly cursor?: string;
}

export const addCalls: AddCommand = (program, open) => {
  const calls = program
    .command("calls")
    .description("list, show and cancel asynchronous calls, and set how they are treated")
    .addHelpText(
      "after",
      examples(
        "calls list --function resize --state fail",
        "calls show 5f1c…",
        "calls cancel 5f1c…",
        "calls config set resize --retries 3 --on-failure queue:failed",
        "calls queue failed",
      ),
    );

  calls
    .command("list")
    .description("list calls, newest first")
    .option("--function <name>", "only of this function")
    .addOption(new Option("--state <state>", "only in this state").choices(callStates))
    .option("--limit <count>", "at most so many, 1..1000, default 100", parseLimit)
    .option("--cursor <cursor>", "where the page before ended")
    .action(async (options: ListOptions, command) => {
      const { client, output } = open(command);
      const page = await (await client()).calls.list(options);
      const text = textTable(header, { rows: page.calls.map(callRow), empty: "no calls" });
      output.result(page, page.next === null ? text : `${text}\nolder ones: --cursor ${page.next}`);
    });

  calls
    .command("show")
    .description("show one call")
    .argument("<request-id>", "as `selvage invoke --async` printed it")
    .action(async (id: string, _options, command) => {
      const { client, output } = open(command);
      const call = await (await client()).calls.get(id);
      output.result(call, callText(call));
    });

  calls
    .command("cancel")
    .description("cancel a call that waits or runs; what a node runs already runs to its end")
    .argument("<request-id>", "as `selvage invoke --async` printed it")
    .action(async (id: string, _options, command) => {
      const { client, output } = open(command);
      const call = await (await client()).calls.cancel(id);
      output.result(call, `${call.requestId} is cancelled`);
    });

  calls
    .command("queue")
    .description("print what a queue holds that is a destination, oldest first; without a name the queues")
    .argument("[queue]", "its name")
    .option("--after <number>", "only messages after this one", parseSequence)
    .option("--limit <count>", "at most so many, 1..1000, default 100", parseLimit)
    .option("--forget", "forget what was printed")
    .action(async (queue: string | undefined, { after, limit, forget }: QueueOptions, command) => {
      const { client, output } = open(command);
      const api = (await client()).calls;
      if (queue === undefined) {
        const queues = await api.listQueues();
        return output.result(queues, queues.join("\n"));
      }
      const messages = await api.readMessages(queue, { after, limit });
      const newest = messages.at(-1);
      output.result(messages, messages.map(messageText).join("\n"));
      if (forget === true && newest !== undefined) await api.forgetMessages(queue, newest.sequence);
    });

  addCallsConfig(calls, open);
};

interface QueueOptions {
  readonly after?: number;
  readonly limit?: number;
  readonly forget?: true;
}

const header: readonly string[] = ["REQUEST ID", "FUNCTION", "QUALIFIER", "STATE", "ATTEMPTS", "CREATED", "ERROR"];

function callRow(call: CallResource): readonly string[] {
  const { requestId, qualifier, state, attempts, createdAt, errorCode } = call;
  return [requestId, call.function, qualifier, state, String(attempts), createdAt, printable(errorCode)];
}

function callText(call: CallResource): string {
  const { destination } = call;
  const lines: readonly (readonly [string, string | null])[] = [
    ["request id", call.requestId],
    ["function", `${call.function}@${call.qualifier}`],
    ["state", call.state],
    ["created", call.createdAt],
    ["due", call.dueAt],
    ["started", call.startedAt],
    ["ended", call.endedAt],
    ["attempts", String(call.attempts)],
    ["took", call.durationMs === null ? null : `${Math.round(call.durationMs)} ms`],
    ["error", call.errorCode === "" ? null : `${call.errorCode} ${call.errorMessage}`],
    [
      "destination",
      destination === null
        ? null
        : `${destination.kind} on ${destination.condition}: ${destination.state} ${destination.message}`,
    ],
  ];
  return lines.flatMap(([key, value]) => (value === null ? [] : `${key.padEnd(12)}${printable(value)}`)).join("\n");
}

function messageText({ sequence, createdAt, body }: QueueMessage): string {
  return `${sequence} ${createdAt} ${printable(JSON.stringify(body))}`;
}
