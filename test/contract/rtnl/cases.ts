import { addressCases } from "./address-cases.ts";
import { linkCases } from "./link-cases.ts";
import { portCases } from "./port-cases.ts";
import { qdiscCases } from "./qdisc-cases.ts";
import { routeCases } from "./route-cases.ts";
import { routerCases } from "./router-cases.ts";
import type { Cases } from "./rtnl-host.ts";
import { ruleCases } from "./rule-cases.ts";

/** Behaviour of both the kernel in memory and the real one. */
export const rtnlCases: Cases = {
  ...portCases,
  ...linkCases,
  ...addressCases,
  ...routeCases,
  ...ruleCases,
  ...qdiscCases,
  ...routerCases,
};
