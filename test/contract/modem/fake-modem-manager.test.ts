import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeModemManager } from "../../fakes/fake-modem-manager.ts";
import { modemCases } from "./modem-cases.ts";

for (const [name, act] of Object.entries(modemCases)) {
  test(`fake modems: ${name}`, async () => {
    const modems = new FakeModemManager();
    await act({
      modems,
      plug: async (spec) => modems.plug(spec),
      unplug: async (imei) => modems.unplug(imei),
      setSignal: async (imei, percent) => modems.setSignal(imei, percent),
      setReach: async (imei, isInReach) => modems.setReach(imei, isInReach),
      cutOff: async (imei) => modems.cutOff(imei),
      kill: async () => modems.kill(),
      start: async () => modems.start(),
      until: async (what, isSo) => {
        for (let turn = 0; turn < 20 && !isSo(); turn++) await new Promise((resolve) => setImmediate(resolve));
        assert.ok(isSo(), what);
      },
    });
  });
}
