/** Every scenario that `npm run bench` knows, in the order of the list it prints. */
import { alias } from "./scenarios/alias.ts";
import { async } from "./scenarios/async.ts";
import { cold } from "./scenarios/cold.ts";
import { crypto } from "./scenarios/crypto.ts";
import { density } from "./scenarios/density.ts";
import { disk } from "./scenarios/disk.ts";
import { failover } from "./scenarios/failover.ts";
import { hello } from "./scenarios/hello.ts";
import { hit } from "./scenarios/hit.ts";
import { hook } from "./scenarios/hook.ts";
import { invoke } from "./scenarios/invoke.ts";
import { limits } from "./scenarios/limits.ts";
import { miss } from "./scenarios/miss.ts";
import { profile } from "./scenarios/profile.ts";
import { publish } from "./scenarios/publish.ts";
import { purge } from "./scenarios/purge.ts";
import { scale } from "./scenarios/scale.ts";
import { soak } from "./scenarios/soak.ts";
import { stream } from "./scenarios/stream.ts";
import type { Scenario } from "./scenario.ts";

export const scenarios: readonly Scenario[] = [
  hello,
  cold,
  profile,
  publish,
  alias,
  invoke,
  async,
  density,
  failover,
  limits,
  crypto,
  stream,
  hook,
  hit,
  disk,
  miss,
  purge,
  scale,
  soak,
];
