import { expect, it } from "vitest";
import { accusedOf, type Scene } from "../../../edge-node/hosts/accused-versions.ts";

const scene = (given: Partial<Scene>): Scene => ({
  kind: "shared",
  running: [],
  present: [],
  isAgain: false,
  ...given,
});

it.each([
  ["nobody", {}, [], true],
  ["one that runs alone", { running: ["a"], present: ["a"] }, ["a"], true],
  ["one that runs, with another present", { running: ["a"], present: ["a", "b"] }, ["a"], false],
  ["those that run, with another present", { running: ["a", "b"], present: ["c"] }, ["a", "b"], false],
  ["everybody when nothing runs", { present: ["a", "b"] }, ["a", "b"], true],
  ["everybody the second time", { running: ["a"], present: ["b", "a"], isAgain: true }, ["a", "b"], true],
  ["everybody among suspects", { kind: "suspect", running: ["a"], present: ["a", "b"] }, ["a", "b"], true],
  ["everybody among the noisy", { kind: "noisy", running: ["a"], present: ["b"] }, ["a", "b"], true],
] satisfies [string, Partial<Scene>, string[], boolean][])("accuses %s", (_name, given, keys, isComplete) => {
  expect(accusedOf(scene(given))).toEqual({ keys, isComplete });
});
