/**
 * The port on the real ModemManager with a simulated serial modem. Its bearers want PPP, so the cases with addresses
 * are in the contract that runs on a program with the same interface.
 */
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { ProcessClock } from "../../../src/base/clock.ts";
import { silentLog } from "../../../src/base/log.ts";
import { BusClient } from "../../../src/bus/bus-client.ts";
import type { Modem } from "../../../src/modem/modem.ts";
import { ModemManager } from "../../../src/modem/modem-manager.ts";
import { noModemManager, startModemManager } from "../../harness/modem-manager.ts";
import { startPrivateBus } from "../../harness/private-bus.ts";
import { until } from "../../harness/until.ts";

const patience = 30_000;

async function scene(t: TestContext, port: string, pin?: string) {
  const privateBus = await startPrivateBus();
  t.after(() => privateBus.remove());
  const { address } = privateBus;
  const bus = new BusClient({ address, clock: new ProcessClock(), log: silentLog });
  await bus.connect();
  const modems = new ModemManager({ bus, log: silentLog });
  t.after(async () => {
    modems.close();
    await bus.close();
  });
  const removed: string[] = [];
  modems.observe({
    modemAdded: () => {},
    modemChanged: () => {},
    modemRemoved: (_modem, because) => void removed.push(because),
  });
  const real = await startModemManager(address, port, pin);
  t.after(async () => {
    const { passed } = t as TestContext & { readonly passed?: boolean };
    if (!passed) t.diagnostic(`${real.modem.output()}\n${real.daemon.output()}`.slice(-8000));
    await real.daemon.end();
    await real.modem.end();
  });
  const now = () => modems.all[0] as Modem;
  const reaches = (state: Modem["state"]) => until(`it is ${state}`, () => now()?.state === state, patience);
  return { modems, now, reaches, removed, real };
}

test("real ModemManager: a modem is read with its SIM, registers, and says operator, technology and signal", async (t) => {
  if (noModemManager) return t.skip(noModemManager);
  const { modems, now, reaches, removed, real } = await scene(t, "fairlead0");
  await reaches("disabled");
  const { equipmentId, manufacturer, model, netPorts, lock, failure, sim } = now();
  assert.deepEqual(
    { equipmentId, manufacturer, model, netPorts, lock, failure },
    {
      equipmentId: "350000000000001",
      manufacturer: "Fairlead",
      model: "Serial Modem",
      netPorts: [],
      lock: "none",
      failure: "none",
    },
  );
  assert.deepEqual([sim?.iccid, sim?.imsi, sim?.operatorCode], ["8901000100000000001", "001010123456789", "00101"]);
  await modems.enable(now().id, true);
  await reaches("registered");
  await until("the operator is known", () => now().operatorName === "Test Network", patience);
  assert.deepEqual([now().registration, now().operatorCode], ["home", "00101"]);
  await until("the signal is known", () => now().signalPercent > 0, patience);
  await until("the technology is known", () => now().networkTechnology === "UMTS", patience);
  await real.daemon.end();
  await until("it is gone", () => removed.length > 0, patience);
  assert.deepEqual([removed, modems.all], [["ModemManager is gone"], []]);
});

test("real ModemManager: a serial modem's connection wants PPP, and a wrong access point is refused", async (t) => {
  if (noModemManager) return t.skip(noModemManager);
  const { modems, now, reaches } = await scene(t, "fairlead1");
  await reaches("disabled");
  await assert.rejects(modems.connect(now().id, { apn: "nowhere.test" }), { refusal: "invalid-apn" });
  const { portName, isConnected, ipv4 } = await modems.connect(now().id, { apn: "internet.test" });
  assert.deepEqual(
    { portName, isConnected, ipv4 },
    { portName: "abstract:fairlead1", isConnected: true, ipv4: { method: "ppp" } },
  );
  await reaches("connected");
  await modems.disconnect(now().id);
  await reaches("registered");
});

test("real ModemManager: a locked SIM is told, refuses a wrong PIN, and opens with the right one", async (t) => {
  if (noModemManager) return t.skip(noModemManager);
  const { modems, now, reaches } = await scene(t, "fairlead2", "1234");
  await reaches("locked");
  assert.equal(now().lock, "sim-pin");
  await assert.rejects(modems.sendPin(now().id, "9999"), { refusal: "wrong-pin" });
  await modems.sendPin(now().id, "1234");
  await reaches("disabled");
  assert.equal(now().lock, "none");
  await until("the SIM is read", () => now().sim?.imsi === "001010123456789", patience);
});
