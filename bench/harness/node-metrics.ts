/** Reads a node's Prometheus text, the way a monitoring system would. */
import { sendRequest } from "./http-exchange.ts";

/** The sum of a metric over all its label sets, or those with `label`; 0 when the node has no such sample yet. */
export async function readMetric(
  node: { readonly adminUrl: string },
  name: string,
  label: string = "",
): Promise<number> {
  return sumMetric(await readMetrics(node), name, label);
}

/** All of a node's metrics at one time, for `sumMetric`. */
export async function readMetrics(node: { readonly adminUrl: string }): Promise<string> {
  const answer = await sendRequest({ url: `${node.adminUrl}/metrics` });
  if (answer.status !== 200) throw new Error(`Cannot read metrics: received ${answer.status}`);
  return answer.body.toString();
}

/**
 * The sum of a metric's samples in Prometheus text; 0 without samples. `label`, such as `function="a"`: only of those that have it.
 * @throws Error when the metric is not even declared, which a misspelt name would otherwise hide.
 */
export function sumMetric(text: string, name: string, label: string = ""): number {
  let sum = 0;
  let isDeclared = false;
  for (const line of text.split("\n")) {
    if (line.startsWith(`# TYPE ${name} `)) isDeclared = true;
    const match = /^(\w+)(?:\{([^\n]*)\})? (\S+)$/.exec(line);
    if (match?.[1] !== name || (label !== "" && match[2]?.split(",").includes(label) !== true)) continue;
    sum += Number(match[3]);
  }
  if (!isDeclared) throw new Error(`Cannot read metrics: there is no metric ${name}`);
  return sum;
}
