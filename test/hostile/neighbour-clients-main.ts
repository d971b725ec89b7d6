/**
 * The neighbour's clients, on a thread of their own: whatever the attack does to the runner's event loop, they ask and count on time.
 *
 * Open loop: a request is sent when its moment has come, however many are under way, and its time counts from that moment.
 */
import { Agent, request, type IncomingMessage } from "node:http";
import { parentPort, workerData } from "node:worker_threads";
import { clockMs, type NeighbourPlan, type NeighbourSample } from "./neighbour-samples.ts";

const REPORT_MS = 50;
const IDLE_MS = 4_000;
const BODY_CHARS_MAX = 65_536;

// The plan is made by NeighbourTraffic alone.
const plan = workerData as NeighbourPlan;
const agent = new Agent({ keepAlive: true, timeout: IDLE_MS });
let samples: NeighbourSample[] = [];
let underWay = 0;
let sent = 0;
let stopping = false;
const startedMs = clockMs();

const sending = setInterval(() => {
  for (; startedMs + (sent * 1_000) / plan.perSecond <= clockMs(); sent++) {
    ask(sent, startedMs + (sent * 1_000) / plan.perSecond);
  }
}, 1);
const reporting = setInterval(report, REPORT_MS);

parentPort?.once("message", () => {
  stopping = true;
  clearInterval(sending);
  endWhenIdle();
});

function ask(number: number, dueMs: number): void {
  const path = `/${number}`;
  underWay++;
  const finish = (failure: string | null): void => {
    if (done) return;
    done = true;
    clearTimeout(timer);
    underWay--;
    samples.push({ atMs: dueMs, ms: clockMs() - dueMs, failure });
    endWhenIdle();
  };
  let done = false;
  const outgoing = request(`${plan.url}${path}`, { agent, headers: { host: plan.host } });
  const timer = setTimeout(() => {
    finish(`no answer in ${plan.deadlineMs} ms`);
    outgoing.destroy();
  }, plan.deadlineMs);
  outgoing.once("response", (incoming) => {
    readText(incoming).then(
      (text) => {
        const expected = `${plan.body} ${path}`;
        const isRight = incoming.statusCode === 200 && text === expected;
        finish(isRight ? null : `${incoming.statusCode}: ${text.slice(0, 200)}`);
      },
      (error: unknown) => finish(String(error)),
    );
  });
  outgoing.on("error", (error) => finish(error.message));
  outgoing.end();
}

async function readText(incoming: IncomingMessage): Promise<string> {
  let text = "";
  incoming.setEncoding("utf8");
  for await (const chunk of incoming as AsyncIterable<string>) text = (text + chunk).slice(0, BODY_CHARS_MAX);
  return text;
}

function report(): void {
  if (samples.length > 0) parentPort?.postMessage(samples, []);
  samples = [];
}

function endWhenIdle(): void {
  if (!stopping || underWay > 0) return;
  clearInterval(reporting);
  report();
  agent.destroy();
  parentPort?.close();
}
