/**
 * Bundles one part of the guest: a folder of runtime/guest/parts whose code is loaded into an isolate when it is first used.
 *
 * A module that the core has too must be the very same module in a part (classes, private brands, state), so such an import becomes a lookup
 * in the core's registry, runtime/guest/parts/core-modules.ts, and is refused when the module is not in it.
 */
import { existsSync } from "node:fs";
import { dirname, join, relative, resolve, sep } from "node:path";
import type { BuildOptions, OnResolveArgs, OnResolveResult, Plugin } from "./esbuild.ts";
import { bundleOwnCode, type OwnBundle } from "./own-code.ts";

/** What a part must know of the guest's script. */
export interface GuestCore {
  /** runtime/guest, absolute. */
  readonly directory: string;
  /** Absolute paths of everything in the script. */
  readonly files: ReadonlySet<string>;
  /** Those of them that parts may import. */
  readonly shared: ReadonlySet<string>;
}

export interface PartOptions {
  readonly core: GuestCore;
  /** As the guest's script is bundled. */
  readonly options: BuildOptions;
}

/**
 * The source of the part `name`: an expression whose value is a function of `require` and `provide`, to which it gives its exports.
 *
 * User code may have replaced built-ins before a part is loaded, so nothing of esbuild's own that uses them hands the exports over.
 * @throws with every problem in the message when it cannot be bundled.
 */
export async function bundlePart(name: string, { core, options }: PartOptions): Promise<OwnBundle> {
  const folder = join(core.directory, "parts", name);
  const entryPath = join(folder, "main.ts");
  // What takes the place of globals that the part's libraries would find replaced by user code.
  const globals = join(folder, "globals.ts");
  const shared: BuildOptions = {
    ...options,
    ...(existsSync(globals) ? { inject: [globals] } : {}),
    plugins: [coreImports(core, folder)],
  };
  const what = `part ${name} of the guest`;
  const bundle = await bundleOwnCode(entryPath, what, { ...shared, format: "esm" });
  const names = bundle.exports.join(",");
  const { code } = await bundleOwnCode(entryPath, what, {
    ...shared,
    format: "cjs",
    stdin: { contents: `import{${names}}from"./main.ts";provide({__proto__:null,${names}});`, resolveDir: folder },
  });
  return {
    ...bundle,
    code: `(function(require,provide){"use strict";${code}})\n//# sourceURL=selvage-part-${name}.js\n`,
  };
}

/** Decides about every import in a part which file it may be. */
function coreImports(core: GuestCore, folder: string): Plugin {
  const ownFolder = folder + sep;
  const partsFolder = dirname(folder) + sep;
  const sdkFolder = resolve(core.directory, "../../sdk") + sep;
  return {
    name: "core-imports",
    setup(build) {
      build.onResolve({ filter: /.*/ }, async (args: OnResolveArgs): Promise<OnResolveResult | undefined> => {
        if (args.kind === "entry-point" || args.pluginData === resolving) return undefined;
        const { importer, kind, resolveDir } = args;
        const found = await build.resolve(args.path, { importer, kind, resolveDir, pluginData: resolving });
        if (found.errors.length > 0) return { errors: found.errors };
        const { path } = found;
        // Constants and parsers without state may be there twice.
        if (path.startsWith(ownFolder) || path.startsWith(sdkFolder)) return found;
        if (core.shared.has(path)) {
          return { path: relative(core.directory, path).replaceAll(sep, "/"), external: true };
        }
        const name = relative(core.directory, path).replaceAll(sep, "/");
        if (core.files.has(path)) {
          return refusal(`${name} is in the core and not shared with parts: add it to parts/core-modules.ts`);
        }
        if (path.startsWith(partsFolder)) return refusal(`${name} belongs to another part: get it from loadPart()`);
        return found;
      });
    },
  };
}

const resolving: unique symbol = Symbol("resolving");

function refusal(text: string): OnResolveResult {
  return { errors: [{ text }] };
}
