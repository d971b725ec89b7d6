/** Every schema step in order. Steps are only ever added at the end. */
import type { Migration } from "./migrate.ts";
import { firstTables } from "./migrations/0001-first-tables.ts";
import { services } from "./migrations/0002-services.ts";
import { purges } from "./migrations/0003-purges.ts";
import { certificates } from "./migrations/0004-certificates.ts";
import { domainVersions } from "./migrations/0005-domain-versions.ts";
import { isolation } from "./migrations/0006-isolation.ts";
import { allowEval } from "./migrations/0007-allow-eval.ts";
import { egress } from "./migrations/0008-egress.ts";
import { event } from "./migrations/0009-event.ts";
import { aliasGrey } from "./migrations/0010-alias-grey.ts";
import { functiongraph } from "./migrations/0015-functiongraph.ts";
import { stagedRollouts } from "./migrations/0011-staged-rollouts.ts";
import { asyncConfigs } from "./migrations/0016-async-configs.ts";
import { shared } from "./migrations/0012-shared.ts";
import { audit } from "./migrations/0013-audit.ts";
import { quotas } from "./migrations/0014-quotas.ts";
import { dependencies } from "./migrations/0017-dependencies.ts";
import { reserved } from "./migrations/0018-reserved.ts";

export const migrations: readonly Migration[] = [
  { name: "first-tables", up: firstTables },
  { name: "services", up: services },
  { name: "purges", up: purges },
  { name: "certificates", up: certificates },
  { name: "domain-versions", up: domainVersions },
  { name: "isolation", up: isolation },
  { name: "allow-eval", up: allowEval },
  { name: "egress", up: egress },
  { name: "event", up: event },
  { name: "alias-grey", up: aliasGrey },
  { name: "staged-rollouts", up: stagedRollouts },
  { name: "async-configs", up: asyncConfigs },
  { name: "functiongraph", up: functiongraph },
  { name: "shared", up: shared },
  { name: "audit", up: audit },
  { name: "quotas", up: quotas },
  { name: "dependencies", up: dependencies },
  { name: "reserved", up: reserved },
];
