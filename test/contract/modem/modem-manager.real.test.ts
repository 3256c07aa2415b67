import { test } from "node:test";
import { ProcessClock } from "../../../src/base/clock.ts";
import { silentLog } from "../../../src/base/log.ts";
import { BusClient } from "../../../src/bus/bus-client.ts";
import { ModemManager } from "../../../src/modem/modem-manager.ts";
import type { FakeModemSpec } from "../../fakes/fake-modem-manager.ts";
import { ModemManagerProcess } from "../../harness/fake-modem-manager.ts";
import { requirePrivateNamespace } from "../../harness/namespace.ts";
import { startPrivateBus } from "../../harness/private-bus.ts";
import { until } from "../../harness/until.ts";
import { type ModemCase, modemCases } from "./modem-cases.ts";

requirePrivateNamespace();

/** The bus and its messages are real here; the modems and the daemon that drives them are not. */
async function run(address: string, act: ModemCase): Promise<void> {
  const bus = new BusClient({ address, clock: new ProcessClock(), log: silentLog });
  await bus.connect();
  const modems = new ModemManager({ bus, log: silentLog });
  let manager = await ModemManagerProcess.start(address);
  const plugged = new Map<string, FakeModemSpec>();
  try {
    await act({
      modems,
      plug: async (spec) => {
        plugged.set(spec.imei, spec);
        await manager.order("plug", spec);
      },
      unplug: async (imei) => {
        plugged.delete(imei);
        await manager.order("unplug", imei);
      },
      setSignal: (imei, percent) => manager.order("signal", imei, percent),
      setReach: (imei, isInReach) => manager.order("reach", imei, isInReach),
      cutOff: (imei) => manager.order("cut-off", imei),
      kill: () => manager.kill(),
      start: async () => {
        manager = await ModemManagerProcess.start(address);
        for (const spec of plugged.values()) await manager.order("plug", spec);
      },
      until: async (what, isSo) => void (await until(what, isSo)),
    });
  } finally {
    modems.close();
    await bus.close();
    await manager.process.end();
  }
}

for (const [name, act] of Object.entries(modemCases)) {
  test(`ModemManager's interface on a real bus: ${name}`, async (t) => {
    const privateBus = await startPrivateBus();
    t.after(() => privateBus.remove());
    await run(privateBus.address, act);
  });
}
