import assert from "node:assert/strict";
import { test } from "node:test";
import { silentLog } from "../../../src/base/log.ts";
import { Resolved } from "../../../src/resolver/resolved.ts";
import { FakeBus } from "../../fakes/fake-bus.ts";
import { FakeClock } from "../../fakes/fake-clock.ts";
import { FakeResolved } from "../../fakes/fake-resolved.ts";
import { resolvedCases } from "./resolved-cases.ts";

for (const [name, act] of Object.entries(resolvedCases)) {
  test(`fake resolved: ${name}`, async (t) => {
    const clock = new FakeClock();
    const bus = new FakeBus(clock);
    const fake = new FakeResolved(bus, new Set([2, 3]));
    await fake.start();
    const port = bus.port(0);
    await port.connect();
    const resolved = new Resolved({ bus: port, clock, log: silentLog });
    t.after(() => resolved.stop());
    resolved.start();
    await act({
      resolved,
      links: [2, 3],
      shown: async (link) => fake.links.get(link) ?? { nameServers: [], searchDomains: [], isDefault: false },
      restart: async () => {
        await fake.stop();
        await clock.settle();
        await fake.start();
      },
      until: async (what, isSo) => {
        await clock.settle();
        await clock.settle();
        assert.ok(await isSo(), what);
      },
    });
  });
}
