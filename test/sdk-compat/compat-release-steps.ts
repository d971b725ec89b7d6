/** Versions and aliases. */
import assert from "node:assert/strict";
import { answerOf, code, invoke, raw, refused, urn, type CompatStep } from "./compat-words.ts";

export const releaseSteps: readonly CompatStep[] = [
  {
    name: "publish a version",
    run: async ({ sdk, client }) => {
      const body = new sdk.CreateFunctionVersionRequestBody().withVersion("v1").withDescription("first");
      const version = raw(await client.createFunctionVersion(new sdk.CreateFunctionVersionRequest(urn).withBody(body)));
      assert.deepEqual([version["version"], version["description"]], ["v1", "first"]);
    },
  },
  {
    name: "publish without a change",
    run: async ({ sdk, client }) => {
      const body = new sdk.CreateFunctionVersionRequestBody().withVersion("v1a");
      const request = new sdk.CreateFunctionVersionRequest(urn).withBody(body);
      await refused(client.createFunctionVersion(request), 400, "FSS.1016");
    },
  },
  {
    name: "change the code and publish a second version",
    run: async (world) => {
      const { sdk, client } = world;
      const changed = new sdk.UpdateFunctionCodeRequestBody()
        .withCodeType("inline")
        .withCodeFilename("index.js")
        .withFuncCode(new sdk.FuncCode().withFile(code("two")));
      await client.updateFunctionCode(new sdk.UpdateFunctionCodeRequest(urn).withBody(changed));
      const latest = answerOf(await invoke(world, { event: {} })) as { readonly answer: string };
      const first = answerOf(await invoke(world, { urn: `${urn}:v1`, event: {} })) as { readonly answer: string };
      assert.deepEqual([latest.answer, first.answer], ["two", "one"]);
      const body = new sdk.CreateFunctionVersionRequestBody().withVersion("v2");
      await client.createFunctionVersion(new sdk.CreateFunctionVersionRequest(urn).withBody(body));
      const { versions: listed = [] } = raw(
        await client.listFunctionVersions(new sdk.ListFunctionVersionsRequest(urn)),
      );
      assert.deepEqual(
        listed.map(({ version }) => version),
        ["latest", "v2", "v1"],
      );
    },
  },
  {
    name: "an alias with weights",
    run: async (world) => {
      const { sdk, client } = world;
      const body = new sdk.CreateVersionAliasRequestBody()
        .withName("prod")
        .withVersion("v1")
        .withAdditionalVersionWeights({ v2: 50 });
      const alias = raw(await client.createVersionAlias(new sdk.CreateVersionAliasRequest(urn).withBody(body)));
      assert.equal(alias["alias_urn"], `${urn}:!prod`);
      assert.deepEqual(alias["additional_version_weights"], { v2: 50 });
      const seen = new Set<string>();
      for (let call = 0; call < 60; call++) {
        seen.add(
          (answerOf(await invoke(world, { urn: `${urn}:!prod`, event: {} })) as { readonly answer: string }).answer,
        );
      }
      assert.deepEqual([...seen].toSorted(), ["one", "two"]);
    },
  },
  {
    name: "an alias with rules",
    run: async ({ sdk, client }) => {
      const rule = new sdk.VersionStrategyRules().withRuleType("Header").withParam("x-beta").withOp("=").withValue("1");
      const strategy = new sdk.VersionStrategy().withCombineType("and").withRules([rule]);
      const body = new sdk.UpdateVersionAliasRequestBody()
        .withVersion("v1")
        .withAdditionalVersionStrategy({ v2: strategy });
      const request = new sdk.UpdateVersionAliasRequest(urn, "prod").withBody(body);
      await client.updateVersionAlias(request);
      const shown = raw(await client.showVersionAlias(new sdk.ShowVersionAliasRequest(urn, "prod")));
      const strategies = shown.additional_version_strategy;
      assert.equal(strategies?.["v2"]?.rules[0]?.param, "x-beta");
    },
  },
  {
    name: "list, move and delete the alias",
    run: async ({ sdk, client }) => {
      const listed: unknown = await client.listVersionAliases(new sdk.ListVersionAliasesRequest(urn));
      assert.equal(Object.values(listed as object).filter((one) => typeof one === "object").length, 1);
      const body = new sdk.UpdateVersionAliasRequestBody().withVersion("v2");
      await client.updateVersionAlias(new sdk.UpdateVersionAliasRequest(urn, "prod").withBody(body));
      const shown = raw(await client.showVersionAlias(new sdk.ShowVersionAliasRequest(urn, "prod")));
      assert.equal(shown["version"], "v2");
      await client.deleteVersionAlias(new sdk.DeleteVersionAliasRequest(urn, "prod"));
      await refused(client.showVersionAlias(new sdk.ShowVersionAliasRequest(urn, "prod")), 404, "FSS.1053");
    },
  },
];
