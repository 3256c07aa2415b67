import assert from "node:assert/strict";
import { test } from "node:test";
import { StageKernel } from "../../../src/rehearsal/kernel/stage-kernel.ts";
import { addressCases } from "./address-cases.ts";
import { linkCases } from "./link-cases.ts";
import { portCases } from "./port-cases.ts";
import { routeCases } from "./route-cases.ts";
import { type Cases, type RtnlHost, runCases } from "./rtnl-host.ts";
import { ruleCases } from "./rule-cases.ts";

/** The stage of the rehearsal has no neighbours, and no other program changes it. */
const ofOthers = [
  "the neighbours of a link can be asked for",
  "a neighbour can be asked for, and a known one begins anew",
  "another program's change is told as an event",
  "a route made by another program is told, and its removal too",
];
const offered: Record<string, Cases[string]> = {
  ...portCases,
  ...linkCases,
  ...addressCases,
  ...routeCases,
  ...ruleCases,
};
for (const name of ofOthers) {
  assert.ok(name in offered, `there is no case "${name}"`);
  delete offered[name];
}

const absent = () => assert.fail("the stage has nothing of this kind");

async function stageHost(): Promise<RtnlHost> {
  const rtnl = new StageKernel();
  return {
    rtnl,
    outside: absent,
    setCarrier: (link, isPlugged) => rtnl.setCarrier(link.index, isPlugged),
    addNeighbour: absent,
    hearRouter: absent,
    foreignPid: () => process.pid + 1,
    assertTrue: async () => {},
    close: async () => rtnl.close(),
  };
}

runCases(stageHost, offered);

test("a request for a queueing discipline is refused", async () => {
  const kernel = new StageKernel();
  await kernel.start();
  await assert.rejects(kernel.request({ op: "add-ingress", link: 1, block: 1 }), { code: "EOPNOTSUPP" });
});
