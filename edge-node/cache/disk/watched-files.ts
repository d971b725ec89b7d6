/** File operations that wait for their turn and whose ends the breakers see. Closing a file is neither: it frees what others wait for. */
import type { DiskFiles } from "./disk-files.ts";
import type { DiskOperations } from "./disk-operations.ts";

export function watchFiles(files: DiskFiles, operations: DiskOperations): DiskFiles {
  return {
    open: (path, mode) => operations.run(mode === "new" ? "write" : "read", () => files.open(path, mode)),
    read: (descriptor, buffer, position) => operations.run("read", () => files.read(descriptor, buffer, position)),
    write: (descriptor, parts, position) => operations.run("write", () => files.write(descriptor, parts, position)),
    truncate: (descriptor, bytes) => operations.run("write", () => files.truncate(descriptor, bytes)),
    close: (descriptor) => files.close(descriptor),
    stat: (path) => operations.run("read", () => files.stat(path)),
    statOpen: (descriptor) => operations.run("read", () => files.statOpen(descriptor)),
    list: (folder) => operations.run("read", () => files.list(folder)),
    readWhole: (path) => operations.run("read", () => files.readWhole(path)),
    replaceWhole: (path, options) => operations.run("write", () => files.replaceWhole(path, options)),
    rename: (from, to) => operations.run("write", () => files.rename(from, to)),
    remove: (path) => operations.run("write", () => files.remove(path)),
    removeFolder: (path) => operations.run("write", () => files.removeFolder(path)),
    makeFolder: (path) => operations.run("write", () => files.makeFolder(path)),
  };
}
