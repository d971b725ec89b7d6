/** Holds facts about sources against the rules. Each violation is one sentence that begins with file and line. */
import { dirname, posix } from "node:path";
import type { FileFacts } from "./source-facts.ts";
import {
  computedImports,
  doorExceptions,
  doors,
  emptyFileNames,
  entryFileName,
  fileLinesMax,
  functionCodeLinesMax,
  importExceptions,
  mayImport,
  mayLookInside,
  processExceptions,
  runtimeBuiltins,
  sharedFiles,
  type TopFolder,
  worldGlobals,
} from "./rules.ts";

/** Lengths above the bounds that existed when they were listed: `path` → lines, `path#function` → code lines. */
export type LengthRatchet = Readonly<Record<string, number>>;

/** Everything that is wrong with `files`, in their order. */
export function violationsOf(files: readonly FileFacts[], ratchet: LengthRatchet): string[] {
  const ruled = files.flatMap((file) => [
    ...importViolations(file),
    ...doorViolations(file),
    ...worldViolations(file),
    ...(emptyFileNames.test(file.path) ? [`${file.path}:1: the name says nothing about what the file is for`] : []),
  ]);
  return [...ruled, ...lengthViolations(files, ratchet)];
}

function importViolations({ path, imports }: FileFacts): string[] {
  const own = topFolderOf(path);
  return imports.flatMap(({ specifier, line }) => {
    if (specifier === "<computed>") {
      const isFree = own === "test" || Object.hasOwn(computedImports, path);
      return isFree ? [] : [`${path}:${String(line)}: imports a name that is only known when it runs`];
    }
    if (!specifier.startsWith(".")) return [];
    const target = posix.join(dirname(path), specifier);
    const other = topFolderOf(target);
    if (own === other || sharedFiles.has(target)) return [];
    if (own === null || other === null) return [`${path}:${String(line)}: imports ${target}, which is in no folder`];
    if (importExceptions.some(({ from, to }) => from === path && to === target)) return [];
    if (!mayImport[own].includes(other)) {
      return [`${path}:${String(line)}: ${own} may not import ${other}: ${target}`];
    }
    const isInside = target.split("/").length > 2;
    if (isInside && !mayLookInside.has(own)) {
      return [
        `${path}:${String(line)}: ${target} is private to ${other}, only files directly in ${other} are its face`,
      ];
    }
    return [];
  });
}

function doorViolations({ path, imports }: FileFacts): string[] {
  return imports.flatMap(({ specifier, line }) => {
    const door = doors[specifier] ?? null;
    if (door === null || door === path || Object.hasOwn(doorExceptions, path)) return [];
    return [`${path}:${String(line)}: only ${door} may import ${specifier}`];
  });
}

function worldViolations({ path, imports, globals }: FileFacts): string[] {
  const folder = topFolderOf(path);
  const violations: string[] = [];
  const processLine = globals.get("process") ?? imports.find(({ specifier }) => specifier === "node:process")?.line;
  const mayTouchProcess = folder === "test" || entryFileName.test(path) || Object.hasOwn(processExceptions, path);
  if (processLine !== undefined && !mayTouchProcess) {
    violations.push(`${path}:${String(processLine)}: only main.ts and config.ts files touch the process`);
  }
  if (folder !== "runtime") return violations;
  const isGuest = path.startsWith("runtime/guest/");
  for (const { specifier, line } of imports) {
    if (specifier.startsWith("node:") && (isGuest || !runtimeBuiltins.has(specifier))) {
      violations.push(`${path}:${String(line)}: runtime reaches the world only through what it is given: ${specifier}`);
    }
  }
  for (const [name, line] of isGuest ? [] : globals) {
    if (worldGlobals.has(name)) {
      violations.push(`${path}:${String(line)}: runtime reaches the world only through what it is given: ${name}`);
    }
  }
  return violations;
}

function lengthViolations(files: readonly FileFacts[], ratchet: LengthRatchet): string[] {
  const long = new Map<string, { readonly at: string; readonly length: number; readonly max: number }>();
  for (const { path, lines, functions } of files) {
    if (lines > fileLinesMax) long.set(path, { at: `${path}:1`, length: lines, max: fileLinesMax });
    for (const { name, line, codeLines } of functions) {
      // The body of a `describe` is a list of tests.
      const isList = path.startsWith("test/") && name === "(anonymous)";
      if (codeLines <= functionCodeLinesMax || isList) continue;
      long.set(`${path}#${name}`, { at: `${path}:${String(line)}`, length: codeLines, max: functionCodeLinesMax });
    }
  }
  const grown = [...long].flatMap(([key, { at, length, max }]) => {
    const listed = ratchet[key];
    if (listed === undefined) return [`${at}: ${key} has ${String(length)} lines, allowed are ${String(max)}`];
    if (length > listed) return [`${at}: ${key} grew from ${String(listed)} to ${String(length)} lines`];
    return length < listed
      ? [`${at}: ${key} shrank to ${String(length)} lines: lower its entry in length-ratchet.json`]
      : [];
  });
  const gone = Object.keys(ratchet).filter((key) => !long.has(key));
  return [
    ...grown,
    ...gone.map((key) => `${key}: is not too long any more: remove its entry from length-ratchet.json`),
  ];
}

function topFolderOf(path: string): TopFolder | null {
  const [first = ""] = path.split("/");
  return Object.hasOwn(mayImport, first) ? (first as TopFolder) : null;
}
