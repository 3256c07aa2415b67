import assert from "node:assert/strict";
import { test } from "node:test";
import { silentLog } from "../../../src/base/log.ts";
import { planNames } from "../../../src/resolver/name-plan.ts";
import { chooseBackEnd, NameResolution, type ResolverChoice } from "../../../src/resolver/name-resolution.ts";
import { Resolved, retryMs } from "../../../src/resolver/resolved.ts";
import { ResolverFile } from "../../../src/resolver/resolver-file.ts";
import { FakeBus } from "../../fakes/fake-bus.ts";
import { FakeClock } from "../../fakes/fake-clock.ts";
import { FakeResolved } from "../../fakes/fake-resolved.ts";

const choices: readonly [choice: ResolverChoice, isOnBus: boolean, leads: boolean, name: string, because: RegExp][] = [
  ["auto", true, true, "systemd-resolved", /resolv\.conf leads to it/],
  ["auto", true, false, "file", /does not lead/],
  ["auto", false, true, "file", /not on the bus/],
  ["resolved", true, false, "systemd-resolved", /configuration/],
  ["resolved", false, false, "file", /not on the bus/],
  ["file", true, true, "file", /configuration/],
];
for (const [choice, isOnBus, leads, name, because] of choices) {
  test(`resolver = ${choice}, resolved ${isOnBus ? "" : "not "}on the bus, resolv.conf ${leads ? "" : "not "}its own: ${name}`, () => {
    const chosen = chooseBackEnd(choice, isOnBus, leads);
    assert.equal(chosen.name, name);
    assert.match(chosen.because, because);
  });
}

const plan = planNames([{ because: "eth0", link: 2, nameServers: ["192.0.2.53"], searchDomains: [] }]);

async function names(t: { after(end: () => void): void }, choice: ResolverChoice = "auto") {
  const clock = new FakeClock();
  const bus = new FakeBus(clock);
  const fake = new FakeResolved(bus, new Set([2]));
  const port = bus.port(0);
  await port.connect();
  const warned: string[] = [];
  const log = { ...silentLog, warn: (text: string | (() => string)) => void warned.push(String(text)) };
  const resolved = new Resolved({ bus: port, clock, log });
  const written: (string | undefined)[] = [];
  const file = new ResolverFile("/run/resolv.conf", {
    write: (_path, text) => void written.push(text),
    remove: () => void written.push(undefined),
  });
  const way = { isToResolved: true, asked: 0 };
  const health = { works: () => {}, failed: () => {} };
  const resolution = new NameResolution({
    file,
    resolved,
    choice,
    log,
    health,
    leadsToResolved: () => {
      way.asked++;
      return way.isToResolved;
    },
  });
  resolution.start();
  t.after(() => resolution.stop());
  return { clock, fake, resolution, written, way, warned };
}

test("the file is written with any other resolver", async (t) => {
  const { clock, fake, resolution, written } = await names(t);
  await fake.start();
  resolution.update(plan);
  await clock.settle();
  assert.match(written.at(-1) ?? "", /^nameserver 192\.0\.2\.53$/m);
  assert.deepEqual(fake.links.get(2)?.nameServers, ["192.0.2.53"]);
});

test("a resolved that comes later is told, and the same plan again is not told twice", async (t) => {
  const { clock, fake, resolution } = await names(t);
  resolution.update(plan);
  await clock.settle();
  assert.equal(resolution.backEnd.name, "file");
  await fake.start();
  await clock.settle();
  assert.deepEqual(fake.calls, ["SetLinkDNS 2", "SetLinkDomains 2", "SetLinkDefaultRoute 2"]);
  assert.equal(resolution.backEnd.name, "systemd-resolved");
  resolution.update(plan);
  await clock.settle();
  assert.equal(fake.calls.length, 3);
});

test("where resolv.conf leads elsewhere from now on, resolved gets back what it was told", async (t) => {
  const { clock, fake, resolution, way } = await names(t);
  await fake.start();
  resolution.update(plan);
  await clock.settle();
  way.isToResolved = false;
  resolution.update(plan);
  await clock.settle();
  assert.deepEqual([fake.links.size, resolution.backEnd.name], [0, "file"]);
});

test("resolv.conf is not read while resolved is not on the bus", async (t) => {
  const { clock, fake, resolution, way } = await names(t);
  resolution.update(plan);
  await clock.settle();
  assert.equal(way.asked, 0);
  await fake.start();
  await clock.settle();
  assert.ok(way.asked > 0);
});

test("resolver = file never speaks to resolved", async (t) => {
  const { clock, fake, resolution } = await names(t, "file");
  await fake.start();
  resolution.update(plan);
  await clock.settle();
  assert.deepEqual(fake.calls, []);
});

test("a refusal is told once, and tried again until it is over", async (t) => {
  const { clock, fake, resolution, warned } = await names(t);
  fake.refusal = "org.freedesktop.DBus.Error.InteractiveAuthorizationRequired";
  await fake.start();
  resolution.update(plan);
  await clock.advanceSettled(retryMs * 3);
  assert.equal(warned.length, 1);
  assert.match(resolution.state.problem, /not authorised/);
  fake.refusal = undefined;
  await clock.advanceSettled(retryMs);
  assert.deepEqual([fake.links.get(2)?.nameServers, resolution.state.problem], [["192.0.2.53"], ""]);
});
