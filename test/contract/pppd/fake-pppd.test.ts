import { test } from "node:test";
import { FakeClock } from "../../fakes/fake-clock.ts";
import { FakeConcentrator } from "../../fakes/fake-concentrator.ts";
import { FakeKernel } from "../../fakes/fake-kernel.ts";
import { FakeProcesses } from "../../fakes/fake-processes.ts";
import { type PppdWorld, pppdCases } from "./pppd-cases.ts";

async function makeWorld(): Promise<PppdWorld> {
  const clock = new FakeClock();
  const rtnl = new FakeKernel();
  await rtnl.start();
  rtnl.addHardware({ name: "eth0", mac: "02:00:00:00:00:01", isUp: true, isPlugged: true });
  const processes = new FakeProcesses(clock);
  const concentrator = new FakeConcentrator(processes, rtnl, clock);
  return {
    ...{ clock, rtnl, processes, concentrator, account: concentrator.account },
    setThere: async (isThere) => {
      concentrator.isThere = isThere;
    },
    until: async (what, isSo) => {
      for (let seconds = 0; seconds < 60 && !isSo(); seconds++) await clock.advanceSettled(1000);
      if (!isSo()) throw new Error(`in vain until ${what}`);
    },
  };
}

for (const [name, act] of Object.entries(pppdCases)) {
  test(`fake pppd: ${name}`, async () => {
    await act(await makeWorld());
  });
}
