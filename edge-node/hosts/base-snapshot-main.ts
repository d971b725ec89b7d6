/** Entry of the process that makes a base snapshot. Arguments: guest script, file to write. */
import { readFileSync, writeFileSync } from "node:fs";
import { createBaseSnapshot } from "../../runtime/evaluate-module.ts";

const [guestPath = "", target = ""] = process.argv.slice(2);
writeFileSync(target, createBaseSnapshot(readFileSync(guestPath, "utf8")));
