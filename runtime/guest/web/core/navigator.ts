/** `navigator`: only what tells libraries where they run. */
import { finishInterface } from "./interface.ts";

const internal: unique symbol = Symbol("internal");

export class Navigator {
  constructor(token?: typeof internal) {
    if (token !== internal) throw new TypeError("Cannot create a Navigator: illegal constructor");
  }

  get userAgent(): "Selvage" {
    return "Selvage";
  }

  get hardwareConcurrency(): 1 {
    return 1;
  }
}

export function createNavigator(): Navigator {
  return new Navigator(internal);
}

finishInterface(Navigator, "Navigator", { shown: ["userAgent"] });
