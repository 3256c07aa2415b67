import assert from "node:assert/strict";
import { ProcessClock } from "../../../src/base/clock.ts";
import { silentLog } from "../../../src/base/log.ts";
import { BusClient } from "../../../src/bus/bus-client.ts";
import { requirePrivateNamespace } from "../../harness/namespace.ts";
import { type Polkitd, startPolkitd } from "../../harness/polkitd.ts";
import { startSystemBus } from "../../harness/system-bus.ts";
import { authorityCases } from "./authority-cases.ts";

requirePrivateNamespace();

const rule = `polkit.addRule(function (action, subject) {
  if (action.id == "org.fairlead.control") return "yes";
  if (action.id == "org.fairlead.settings") return "no";
  if (action.id == "org.fairlead.profiles") return "auth_admin";
});`;

authorityCases("polkitd", async () => {
  const bus = await startSystemBus();
  const clock = new ProcessClock();
  const [daemon, client] = [0, 0].map(() => new BusClient({ address: bus.address, clock, log: silentLog }));
  assert.ok(daemon && client);
  await daemon.connect();
  // polkit lets root do everything, so the client has to be another user.
  process.seteuid?.(65_534);
  await client.connect().finally(() => process.seteuid?.(0));
  let polkitd: Polkitd | undefined;
  return {
    daemon,
    client,
    startPolkit: async () => {
      polkitd = await startPolkitd(bus.address);
      await polkitd.addRule(rule);
    },
    stopPolkit: async () => polkitd?.remove(),
    close: async () => {
      for (const port of [daemon, client]) await port.close();
      await polkitd?.remove();
      await bus.remove();
      assert.deepEqual(clock.pendingTimers(), []);
    },
  };
});
