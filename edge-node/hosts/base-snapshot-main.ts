/** Entry of the process that makes a base snapshot. Arguments: guest, file to write. */
import { readFileSync, writeFileSync } from "node:fs";
import { createBaseSnapshot } from "../../runtime/evaluate-module.ts";
import { parseGuestCode } from "../../runtime/guest-code.ts";

const [guestPath = "", target = ""] = process.argv.slice(2);
writeFileSync(target, createBaseSnapshot(parseGuestCode(readFileSync(guestPath, "utf8"))));
