import { ProcessClock } from "../../../src/base/clock.ts";
import { silentLog } from "../../../src/base/log.ts";
import { BusClient } from "../../../src/bus/bus-client.ts";
import { fallAsleep, startFakeLogind } from "../../harness/fake-logind.ts";
import { requirePrivateNamespace } from "../../harness/namespace.ts";
import { startPrivateBus } from "../../harness/private-bus.ts";
import { logindCases } from "./logind-cases.ts";

requirePrivateNamespace();

/** The bus and the descriptors are real here, logind is not: that one is met in the virtual machine. */
logindCases("fake logind on a real bus", async () => {
  const privateBus = await startPrivateBus();
  const { address } = privateBus;
  const logind = await startFakeLogind(address);
  const clock = new ProcessClock();
  const bus = new BusClient({ address, clock, log: silentLog });
  await bus.connect();
  return {
    bus,
    clock,
    address,
    sleepAndWake: async () => {
      await fallAsleep(logind);
      logind.write("wake\n");
    },
    close: async () => {
      await bus.close();
      await logind.end();
      await privateBus.remove();
    },
  };
});
