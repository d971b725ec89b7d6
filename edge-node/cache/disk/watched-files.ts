/** File operations that wait for their turn and whose ends the breakers see. Closing a file is neither: it frees what others wait for. */
import type { DiskFiles } from "./disk-files.ts";
import type { DiskOperations, Operation } from "./disk-operations.ts";

const readBytes: Operation = { kind: "read", of: "bytes" };
const writeBytes: Operation = { kind: "write", of: "bytes" };
const readNames: Operation = { kind: "read", of: "names" };
const changeNames: Operation = { kind: "write", of: "names" };

export function watchFiles(files: DiskFiles, operations: DiskOperations): DiskFiles {
  return {
    open: (path, mode) => operations.run(mode === "new" ? changeNames : readNames, () => files.open(path, mode)),
    read: (descriptor, buffer, position) => operations.run(readBytes, () => files.read(descriptor, buffer, position)),
    // Whoever calls it watches it.
    readNow: (descriptor, buffer, place) => files.readNow(descriptor, buffer, place),
    write: (descriptor, parts, position) => operations.run(writeBytes, () => files.write(descriptor, parts, position)),
    truncate: (descriptor, bytes) => operations.run(changeNames, () => files.truncate(descriptor, bytes)),
    close: (descriptor) => files.close(descriptor),
    stat: (path) => operations.run(readNames, () => files.stat(path)),
    statOpen: (descriptor) => operations.run(readNames, () => files.statOpen(descriptor)),
    list: (folder) => operations.run(readNames, () => files.list(folder)),
    readWhole: (path) => operations.run(readNames, () => files.readWhole(path)),
    replaceWhole: (path, options) => operations.run(changeNames, () => files.replaceWhole(path, options)),
    rename: (from, to) => operations.run(changeNames, () => files.rename(from, to)),
    remove: (path) => operations.run(changeNames, () => files.remove(path)),
    removeFolder: (path) => operations.run(changeNames, () => files.removeFolder(path)),
    makeFolder: (path) => operations.run(changeNames, () => files.makeFolder(path)),
  };
}
