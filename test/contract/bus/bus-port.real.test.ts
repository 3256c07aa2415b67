import assert from "node:assert/strict";
import { ProcessClock } from "../../../src/base/clock.ts";
import { silentLog } from "../../../src/base/log.ts";
import { BusClient } from "../../../src/bus/bus-client.ts";
import { requirePrivateNamespace } from "../../harness/namespace.ts";
import { startPrivateBus } from "../../harness/private-bus.ts";
import { until } from "../../harness/until.ts";
import { type BusWorld, busPortCases } from "./bus-port-cases.ts";
import { remoteObjectsCases } from "./remote-objects-cases.ts";

requirePrivateNamespace();

const makeWorld = async (): Promise<BusWorld> => {
  const bus = await startPrivateBus();
  const clock = new ProcessClock();
  const ports: BusClient[] = [];
  return {
    connect: async () => {
      const port = new BusClient({ address: bus.address, clock, log: silentLog });
      ports.push(port);
      await port.connect();
      return port;
    },
    stop: () => bus.stop(),
    start: () => bus.start(),
    until: async (what, isSo) => {
      await until(what, isSo);
    },
    close: async () => {
      for (const port of ports) await port.close();
      await bus.remove();
      assert.deepEqual(clock.pendingTimers(), []);
    },
  };
};

busPortCases("dbus-daemon", makeWorld);
remoteObjectsCases("dbus-daemon", makeWorld);
