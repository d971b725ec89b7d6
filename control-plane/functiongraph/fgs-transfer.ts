/**
 * Functions as files: exported and imported as a ZIP of code and configuration, not of aliases (interfaces.md §3.4).
 *
 * `<name>.yaml` beside the code holds the configuration; values of encrypted variables are not exported.
 */
import { stringify } from "yaml";
import { packArchive, unpackArchive, type ArchiveFile } from "../../sdk/code-archive.ts";
import { FgsError } from "./fgs-error.ts";
import { readExportedConfig } from "./exported-config.ts";
import type { FgsFunctionService } from "./fgs-function-service.ts";
import { invalid, type Body } from "./function-settings.ts";
import type { FunctionUrn } from "./urn.ts";

/** Of the ZIP. */
export const transferBytesMax = 52_428_800;
const configFile = "function.yaml";
const codeFile = "code.zip";

/** What an exported configuration keeps of what is shown. */
const exportedKeys = [
  "func_name",
  "package",
  "runtime",
  "timeout",
  "handler",
  "memory_size",
  "code_type",
  "code_filename",
  "user_data",
  "description",
  "initializer_handler",
  "initializer_timeout",
  "restore_hook_handler",
  "restore_hook_timeout",
  "heartbeat_handler",
  "enable_dynamic_memory",
  "strategy_config",
  "xrole",
  "app_xrole",
  "depend_version_list",
] as const;

export interface FunctionExport {
  readonly fileName: string;
  readonly archive: Uint8Array;
}

export class FgsTransfer {
  readonly #functions: FgsFunctionService;

  constructor(functions: FgsFunctionService) {
    this.#functions = functions;
  }

  async export(
    urn: FunctionUrn,
    { code, config }: { readonly code: boolean; readonly config: boolean },
  ): Promise<FunctionExport> {
    const files: ArchiveFile[] = [];
    const shown = (await this.#functions.config(urn)) as Body;
    if (config) {
      const kept = Object.fromEntries(
        exportedKeys.flatMap((key) => (shown[key] === undefined ? [] : [[key, shown[key]]])),
      );
      files.push({ path: configFile, bytes: Buffer.from(stringify(kept)) });
    }
    if (code) {
      const { func_code: carried } = (await this.#functions.code(urn)) as {
        readonly func_code: { readonly file: string };
      };
      files.push({ path: codeFile, bytes: Buffer.from(carried.file, "base64") });
    }
    if (files.length === 0) throw new FgsError("FSS.0400", "allowed: code=true, config=true or both");
    return { fileName: `${urn.name}_${String(shown["digest"]).slice(0, 32)}.zip`, archive: packArchive(files) };
  }

  /** Creates the function that the file holds, or one of another name. */
  async import(project: string, body: Body): Promise<object> {
    const { func_name: name, file_code: file } = body;
    const bytes = typeof file === "string" ? Buffer.from(file, "base64") : null;
    if (bytes === null || bytes.byteLength === 0)
      throw new FgsError("FSS.1012", "file_code: received nothing, allowed: a ZIP in base64");
    if (bytes.byteLength > transferBytesMax)
      throw new FgsError("FSS.1071", `file_code: allowed: at most ${transferBytesMax} bytes`);
    const unpacked = await unpackArchive(bytes);
    if (!unpacked.ok) throw new FgsError("FSS.1011", `file_code: ${unpacked.reason}`);
    const config = readConfig(unpacked.files);
    const code = unpacked.files.find(({ path }) => path === codeFile);
    if (code === undefined) throw new FgsError("FSS.1011", `file_code: it holds no ${codeFile}`);
    if (name !== undefined && typeof name !== "string") {
      throw invalid("FSS.1002", "func_name", { received: name, allowed: "a name" });
    }
    return this.#functions.create(project, {
      ...config,
      ...(name === undefined || name === "" ? {} : { func_name: name }),
      code_type: "zip",
      func_code: { file: Buffer.from(code.bytes).toString("base64") },
    });
  }
}

function readConfig(files: readonly ArchiveFile[]): Body {
  const file = files.find(({ path }) => path === configFile);
  if (file === undefined) throw new FgsError("FSS.1011", `file_code: it holds no ${configFile}`);
  return readExportedConfig(file.bytes, configFile);
}
