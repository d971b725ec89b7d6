/** The example document parses as it stands, and shows most of what there is. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { parse } from "yaml";
import { describe, expect, test } from "vitest";
import { parseDomainInput } from "../../sdk/domain-document.ts";
import { domainKeys } from "../../sdk/domain-keys.ts";
import { projectRoot } from "../architecture/project-sources.ts";
import { parsedValue } from "../sdk/expect-problems.ts";

async function readExample(): Promise<object> {
  return parse(await readFile(join(projectRoot, "sdk/examples/domain.yaml"), "utf8")) as object;
}

describe("sdk/examples/domain.yaml", () => {
  test("is a document without problems, and stays one when shown and put again", async () => {
    const { config, rules } = parsedValue(parseDomainInput(await readExample(), "www.example.com"));
    expect(rules).toBeNull();
    expect(parsedValue(parseDomainInput(JSON.parse(JSON.stringify(config)), "www.example.com")).config).toEqual(config);
  });

  test("uses all but a few keys", async () => {
    const used = Object.keys(await readExample());
    const unused = domainKeys().filter(({ key }) => !used.includes(key));
    expect(unused.length).toBeLessThanOrEqual(10);
  });
});
