/** `selvage cache explain`: what a node would do with a request, and why. */
import { explanationText } from "../explanation-text.ts";
import { collect, parseHeaderLine } from "../option-values.ts";
import { examples, type AddCommand } from "../session.ts";

interface ExplainOptions {
  readonly method: string;
  readonly header?: readonly string[];
  readonly clientIp: string;
  readonly node?: string;
  readonly run?: true;
}

export const addCache: AddCommand = (program, open) => {
  const cache = program
    .command("cache")
    .description("look into the nodes' caches")
    .addHelpText("after", examples("cache explain https://www.example.com/logo.png"));

  cache
    .command("explain")
    .description("say what a node would do with a request, step by step; changes nothing and asks no origin")
    .argument("<url>", "absolute http or https URL")
    .option("--method <method>", "method of the request", "GET")
    .option("--header <line>", "header such as 'accept: text/html'; repeat for several", collect)
    .option("--client-ip <address>", "the client's address", "127.0.0.1")
    .option("--node <name>", "the node to ask; default: the next connected one in turn")
    .option("--run", "run the clientRequest functions for real, with all they do")
    .addHelpText(
      "after",
      examples(
        "cache explain https://www.example.com/logo.png",
        "cache explain https://www.example.com/ --header 'accept-encoding: br' --node fra-1",
        "cache explain https://www.example.com/account --run --json",
      ),
    )
    .action(async (url: string, options: ExplainOptions, command) => {
      const { client, output } = open(command);
      const progress = output.progress("asking a node");
      try {
        const explanation = await (
          await client()
        ).explain({
          url,
          method: options.method,
          headers: (options.header ?? []).map(parseHeaderLine),
          clientIp: options.clientIp,
          run: options.run === true,
          ...(options.node === undefined ? {} : { node: options.node }),
        });
        progress.stop();
        output.result(explanation, explanationText(explanation, output.colors));
      } finally {
        progress.stop();
      }
    });
};
