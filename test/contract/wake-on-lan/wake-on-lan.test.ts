import { test } from "node:test";
import { FakeKernel } from "../../fakes/fake-kernel.ts";
import { FakeWakeOnLan } from "../../fakes/fake-wake-on-lan.ts";
import { wakeOnLanCases } from "./wake-on-lan-cases.ts";

for (const [name, act] of Object.entries(wakeOnLanCases)) {
  test(`fake wake-on-lan: ${name}`, async () => {
    const rtnl = new FakeKernel();
    await rtnl.start();
    await rtnl.request({ op: "add-link", link: { kind: "dummy", name: "dummy7" } });
    const madeUp = rtnl.snapshot.linkByName("dummy7")?.index ?? -1;
    await act({ wakeOnLan: new FakeWakeOnLan(rtnl), madeUp });
  });
}
