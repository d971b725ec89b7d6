/**
 * `npm run demo`: starts everything, publishes the examples, and prints real requests and what each function changed about them.
 *
 * Stays up until Ctrl-C; with `--once` it ends after the transcript. The only file of the demo that touches the process. Exit codes:
 * 0 every answer was as expected, 1 not so or something did not start, 2 wrong arguments.
 */
import { pathWithNode } from "../../bench/harness/project-files.ts";
import { demoDomain, DemoWorld } from "./demo-world.ts";
import { tellBefore, tellHono, tellJwt, tellLiveChange, tellRewrite, tellSigner } from "./demo-story.ts";
import { Transcript } from "./transcript.ts";

process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  const unknown = args.filter((argument) => argument !== "--once");
  if (unknown.length > 0) {
    process.stderr.write(`Usage: npm run demo [-- --once]\nreceived ${unknown.join(" ")}, allowed: --once\n`);
    return 2;
  }
  const stopped = stopSignal();
  write("Starting an origin, a control plane and a node\n");
  const { PATH = "", HOME = "/", LANG = "C.UTF-8" } = process.env;
  const env = { PATH: pathWithNode(PATH), HOME, LANG };
  const world = await DemoWorld.start({ env, tell: (text) => write(`  ${text}\n`) });
  try {
    const exitCode = await Promise.race([tell(world), stopped.then(() => 1)]);
    if (!args.includes("--once")) {
      write(whatToTry(world));
      await stopped;
    }
    return exitCode;
  } finally {
    await world.stop();
  }
}

/** The whole transcript; gives the exit code. */
async function tell(world: DemoWorld): Promise<number> {
  const transcript = new Transcript({ write, send: (exchange) => world.send(exchange) });
  write(`  control plane ${world.fleet.controlUrl}   edge ${world.node.edgeUrl}   node admin ${world.node.adminUrl}\n`);
  write(`  origin http://127.0.0.1:${world.origin.port}: files of installed npm packages\n`);
  await world.createDomain();
  await tellBefore(transcript, world);
  transcript.heading("Publish the four examples and bind them by rules");
  await world.publishExamples();
  await world.bindExamples();
  await tellRewrite(transcript, world);
  await tellJwt(transcript, world);
  await tellSigner(transcript, world);
  await tellHono(transcript, world);
  await tellLiveChange(transcript, world);
  write(`\n${transcript.summary}\n`);
  return transcript.isAsExpected ? 0 : 1;
}

function whatToTry(world: DemoWorld): string {
  const curl = `curl -i -H 'host: ${demoDomain}'`;
  return `
Everything stays up until Ctrl-C. Try, in another terminal:
  ${curl} ${world.node.edgeUrl}/docs/
  ${curl} ${world.node.edgeUrl}/private/echo
  ${curl} -H 'accept: text/markdown' ${world.node.edgeUrl}/packages/jose
  ${curl} ${world.node.edgeUrl}/api/convert/26.2/mi/km
  curl ${world.node.adminUrl}/metrics
With the command line tool:
  export SELVAGE_URL=${world.fleet.controlUrl} SELVAGE_TOKEN=${world.fleet.adminToken}
  npx selvage rules get ${demoDomain}
  npx selvage versions ab-rewrite
  npx selvage logs --follow
`;
}

/** Settles when the user or the system wants the demo to end. */
function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => resolve());
  });
}

function write(text: string): void {
  process.stdout.write(text);
}
