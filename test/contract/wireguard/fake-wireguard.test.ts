import { test } from "node:test";
import { FakeKernel } from "../../fakes/fake-kernel.ts";
import { FakeWireguard } from "../../fakes/fake-wireguard.ts";
import { wireguardCases } from "./wireguard-cases.ts";

for (const [name, act] of Object.entries(wireguardCases)) {
  test(`fake wireguard: ${name}`, async () => {
    const rtnl = new FakeKernel();
    await rtnl.start();
    await act({ rtnl, wireguard: new FakeWireguard(rtnl) });
  });
}
