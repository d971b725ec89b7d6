/** `selvage certificates`: what the nodes' TLS port presents to clients. */
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import type { CertificateResource } from "../../api.ts";
import { parseCertificate } from "../../certificate.ts";
import type { CliContext } from "../cli-context.ts";
import { refusal } from "../exit-code.ts";
import { rolloutText } from "../rollout-text.ts";
import { examples, type AddCommand } from "../session.ts";
import { printable, textTable } from "../text-table.ts";

interface PutOptions {
  readonly certificate: string;
  readonly key: string;
}

export const addCertificates: AddCommand = (program, open) => {
  const certificates = program
    .command("certificates")
    .description("list, put or delete the TLS certificates of domains")
    .addHelpText(
      "after",
      examples(
        "certificates put www --certificate fullchain.pem --key privkey.pem",
        "certificates list",
        "certificates delete www",
      ),
    );

  certificates
    .command("list", { isDefault: true })
    .description("list all certificates (never their keys)")
    .action(async (_options, command) => {
      const { client, output } = open(command);
      const list = await (await client()).listCertificates();
      const rows = list.map(({ name, domains, notAfter, fingerprint, refusals }) => [
        name,
        domains.join(","),
        notAfter,
        fingerprint.slice(0, 16),
        refusals.length === 0 ? "-" : refusals.map(({ node }) => node).join(","),
      ]);
      const header = ["NAME", "DOMAINS", "NOT AFTER", "FINGERPRINT", "REFUSED BY"];
      const table = textTable(header, { rows, empty: "no certificates: selvage certificates put" });
      output.result(list, [table, ...list.flatMap(refusalLines)].join("\n"));
    });

  certificates
    .command("put")
    .description("store a certificate with its key, or replace one; connections that are open go on")
    .argument("<name>", "what to call it")
    .requiredOption("--certificate <file>", "PEM: the certificate, then its issuers")
    .requiredOption("--key <file>", "PEM: its private key, without a passphrase")
    .action(async (name: string, options: PutOptions, command) => {
      const { client, output, context } = open(command);
      const certificate = await readText(options.certificate, context);
      const input = { certificate, key: await readText(options.key, context) };
      const parsed = parseCertificate(input, { now: context.nowMs() });
      if (!parsed.ok) throw refusal(`Cannot put ${name}`, parsed.problems);
      const change = await (await client()).setCertificate(name, input);
      const { domains, notAfter, fingerprint } = change.certificate;
      const text = `${name}: ${domains.join(", ")}; until ${notAfter}; SHA-256 ${fingerprint}\n`;
      output.result(change, `${text}${rolloutText(change.rollout)}`);
    });

  certificates
    .command("delete")
    .description("delete a certificate with its key")
    .argument("<name>", "name of the certificate")
    .action(async (name: string, _options, command) => {
      const { client, output } = open(command);
      await (await client()).deleteCertificate(name);
      output.result({ deleted: name }, `deleted certificate ${name}`);
    });
};

/** Why which node goes on with another one. */
function refusalLines({ name, refusals }: CertificateResource): readonly string[] {
  return refusals.map(({ node, code, message }) => printable(`  ${name} on ${node}: ${code} ${message}`));
}

async function readText(file: string, context: CliContext): Promise<string> {
  try {
    return file === "-" ? await context.readStdin() : await readFile(resolve(context.workingDirectory, file), "utf8");
  } catch (error) {
    throw refusal(`Cannot read ${file}`, [{ path: file, message: (error as Error).message }]);
  }
}
