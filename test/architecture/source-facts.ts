/**
 * What the architecture rules need to know about each source file, read from TypeScript's own syntax trees.
 *
 * Parses text only: files come in as a map, so that a rule can be tried on sources that exist nowhere.
 */
import { createVirtualFileSystem } from "typescript/unstable/fs";
import { type Node, type SourceFile, SyntaxKind } from "typescript/unstable/ast";
import { API } from "typescript/unstable/sync";

export interface ImportFact {
  readonly specifier: string;
  readonly line: number;
}

export interface FunctionFact {
  readonly name: string;
  readonly line: number;
  /** Lines that hold code: blank lines and lines of comments are not counted. */
  readonly codeLines: number;
}

export interface FileFacts {
  /** Relative to the project, `/` separated. */
  readonly path: string;
  readonly lines: number;
  readonly imports: readonly ImportFact[];
  readonly functions: readonly FunctionFact[];
  /** Global names that the file uses and does not declare itself, with the line of the first use. */
  readonly globals: ReadonlyMap<string, number>;
}

/** Facts of every file in `sources` (path → text). */
export function readFacts(sources: ReadonlyMap<string, string>): FileFacts[] {
  const files = Object.fromEntries([...sources].map(([path, text]) => [`/project/${path}`, text]));
  const names = [...sources.keys()];
  const tsconfig = { compilerOptions: { noResolve: true, noLib: true, types: [], allowJs: true }, files: names };
  const configPath = "/project/tsconfig.json";
  const api = new API({
    cwd: "/project",
    fs: createVirtualFileSystem({ ...files, [configPath]: JSON.stringify(tsconfig) }),
  });
  try {
    const { program } = found(api.updateSnapshot({ openProjects: [configPath] }).getProject(configPath), configPath);
    return names.map((path) => factsOf(path, found(program.getSourceFile(`/project/${path}`), path)));
  } finally {
    api.close();
  }
}

function found<T>(value: T | undefined, name: string): T {
  if (value === undefined) throw new Error(`Cannot read the facts of ${name}: TypeScript did not parse it`);
  return value;
}

function factsOf(path: string, file: SourceFile): FileFacts {
  const reader = new FactReader(file);
  return { path, lines: file.text.split("\n").length - (file.text.endsWith("\n") ? 1 : 0), ...reader.read() };
}

const functionKinds: ReadonlySet<SyntaxKind> = new Set([
  SyntaxKind.FunctionDeclaration,
  SyntaxKind.FunctionExpression,
  SyntaxKind.ArrowFunction,
  SyntaxKind.MethodDeclaration,
  SyntaxKind.GetAccessor,
  SyntaxKind.SetAccessor,
  SyntaxKind.Constructor,
]);

const importKinds: ReadonlySet<SyntaxKind> = new Set([
  SyntaxKind.ImportDeclaration,
  SyntaxKind.ExportDeclaration,
  SyntaxKind.ImportType,
]);

/** Literals whose text may look like comments. */
const literalKinds: ReadonlySet<SyntaxKind> = new Set([
  SyntaxKind.StringLiteral,
  SyntaxKind.NoSubstitutionTemplateLiteral,
  SyntaxKind.TemplateHead,
  SyntaxKind.TemplateMiddle,
  SyntaxKind.TemplateTail,
  SyntaxKind.RegularExpressionLiteral,
]);

/** Parents in which an identifier (as the named child) declares or labels something and uses no global. */
const namingParents: ReadonlySet<SyntaxKind> = new Set([
  SyntaxKind.PropertyAssignment,
  SyntaxKind.PropertySignature,
  SyntaxKind.PropertyDeclaration,
  SyntaxKind.MethodDeclaration,
  SyntaxKind.MethodSignature,
  SyntaxKind.GetAccessor,
  SyntaxKind.SetAccessor,
  SyntaxKind.QualifiedName,
]);

const declaringParents: ReadonlySet<SyntaxKind> = new Set([
  SyntaxKind.VariableDeclaration,
  SyntaxKind.Parameter,
  SyntaxKind.BindingElement,
  SyntaxKind.FunctionDeclaration,
  SyntaxKind.ClassDeclaration,
  SyntaxKind.InterfaceDeclaration,
  SyntaxKind.TypeAliasDeclaration,
  SyntaxKind.ImportSpecifier,
  SyntaxKind.ImportClause,
  SyntaxKind.NamespaceImport,
]);

class FactReader {
  readonly #file: SourceFile;
  readonly #imports: ImportFact[] = [];
  readonly #functions: { readonly name: string; readonly start: number; readonly end: number }[] = [];
  readonly #uses = new Map<string, number>();
  readonly #declared = new Set<string>();
  readonly #literals: { readonly start: number; readonly end: number }[] = [];

  constructor(file: SourceFile) {
    this.#file = file;
  }

  read(): Pick<FileFacts, "imports" | "functions" | "globals"> {
    this.#visit(this.#file, null);
    const isCode = codeLines(this.#file.text, this.#literals);
    return {
      imports: this.#imports,
      functions: this.#functions.map(({ name, start, end }) => {
        const first = this.#lineOf(start);
        return { name, line: first, codeLines: isCode.slice(first - 1, this.#lineOf(end)).filter(Boolean).length };
      }),
      globals: new Map([...this.#uses].filter(([name]) => !this.#declared.has(name))),
    };
  }

  #visit(node: Node, parent: Node | null): void {
    if (importKinds.has(node.kind)) this.#takeImport(node);
    if (node.kind === SyntaxKind.CallExpression) this.#takeDynamicImport(node);
    if (functionKinds.has(node.kind)) {
      this.#functions.push({ name: nameOf(node, parent), start: node.getStart(this.#file), end: node.end });
    }
    if (literalKinds.has(node.kind)) this.#literals.push({ start: node.getStart(this.#file), end: node.end });
    if (node.kind === SyntaxKind.Identifier) this.#takeIdentifier(node, parent);
    node.forEachChild((child) => {
      this.#visit(child, node);
      return undefined;
    });
  }

  #takeImport(node: Node): void {
    const literal = firstChild(node, (child) => child.kind === SyntaxKind.StringLiteral || isLiteralType(child));
    if (literal === null) return;
    const text = isLiteralType(literal) ? firstChild(literal, () => true) : literal;
    if (text !== null) this.#imports.push({ specifier: textOf(text), line: this.#lineOf(node.getStart(this.#file)) });
  }

  #takeDynamicImport(node: Node): void {
    const [callee, argument] = childrenOf(node);
    if (callee?.kind !== SyntaxKind.ImportKeyword) return;
    const specifier = argument?.kind === SyntaxKind.StringLiteral ? textOf(argument) : "<computed>";
    this.#imports.push({ specifier, line: this.#lineOf(node.getStart(this.#file)) });
  }

  #takeIdentifier(node: Node, parent: Node | null): void {
    const name = textOf(node);
    const isFirst = parent !== null && firstChild(parent, (child) => child.kind !== SyntaxKind.Decorator) === node;
    if (parent?.kind === SyntaxKind.PropertyAccessExpression && !isFirst) return;
    if (parent !== null && namingParents.has(parent.kind) && isNameOf(node, parent)) return;
    if (parent !== null && declaringParents.has(parent.kind) && isNameOf(node, parent)) {
      this.#declared.add(name);
      return;
    }
    if (!this.#uses.has(name)) this.#uses.set(name, this.#lineOf(node.getStart(this.#file)));
  }

  #lineOf(position: number): number {
    return this.#file.text.slice(0, position).split("\n").length;
  }
}

function isNameOf(node: Node, parent: Node): boolean {
  if (parent.kind === SyntaxKind.ImportSpecifier) return true;
  return "name" in parent && parent.name === node;
}

function isLiteralType(node: Node): boolean {
  return node.kind === SyntaxKind.LiteralType;
}

function nameOf(node: Node, parent: Node | null): string {
  const named = [node, parent].find((candidate) => candidate !== null && "name" in candidate && isNode(candidate.name));
  if (named !== undefined && named !== null && "name" in named && isNode(named.name)) return textOf(named.name);
  return node.kind === SyntaxKind.Constructor ? "constructor" : "(anonymous)";
}

function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null && "kind" in value;
}

function textOf(node: Node): string {
  return "text" in node && typeof node.text === "string" ? node.text : "";
}

function childrenOf(node: Node): Node[] {
  const children: Node[] = [];
  node.forEachChild((child) => {
    children.push(child);
    return undefined;
  });
  return children;
}

function firstChild(node: Node, isWanted: (child: Node) => boolean): Node | null {
  return childrenOf(node).find(isWanted) ?? null;
}

/** For each line, whether it holds anything but blanks and comments. */
function codeLines(text: string, literals: readonly { readonly start: number; readonly end: number }[]): boolean[] {
  const masked = text.split("");
  for (const { start, end } of literals) {
    for (let at = start; at < end; at += 1) if (masked[at] !== "\n") masked[at] = "x";
  }
  const bare = masked
    .join("")
    .replaceAll(/\/\*[\s\S]*?\*\/|\/\/[^\n]*/g, (comment) => comment.replaceAll(/[^\n]/g, " "));
  return bare.split("\n").map((line) => line.trim() !== "");
}
