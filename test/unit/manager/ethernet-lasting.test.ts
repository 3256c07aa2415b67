import assert from "node:assert/strict";
import { test } from "node:test";
import { DaemonError } from "../../../src/base/errors.ts";
import { FakeMachine } from "../../fakes/fake-machine.ts";
import { machine } from "./machine.ts";

test("a stored setting is cleared also after a restart", async (t) => {
  const first = await machine(t, ["eth0"]);
  first.service("eth0").setProperty("UIData", "words");
  first.manager.stop();
  first.kernel.restart();
  const second = new FakeMachine({ kernel: first.kernel, storage: first.storage, dhcp: first.dhcp });
  t.after(() => second.stop());
  await second.start();
  second.service("eth0").clearProperty("UIData");
  assert.equal(second.service("eth0").uiData, "");
});

test("a preferred cable stays preferred, also after a restart", async (t) => {
  const first = await machine(t, ["eth0", "eth1"]);
  first.service("eth1").setProperty("Priority", 5);
  await first.settle();
  assert.deepEqual([first.service("eth1").storageId, first.service("eth1").priority], ["ethernet_any", 5]);
  first.manager.stop();
  first.kernel.restart();
  const second = new FakeMachine({ kernel: first.kernel, storage: first.storage, dhcp: first.dhcp });
  t.after(() => second.stop());
  await second.start();
  assert.deepEqual(second.order, ["eth1 ready", "eth0 ready"]);
  assert.deepEqual([second.service("eth1").priority, second.service("eth0").priority], [5, 0]);
});

test("the daemon stops and starts again: the kernel keeps all it has, only the lease's end is put anew", async (t) => {
  const first = await machine(t, ["eth0"]);
  const before = first.kernel.toText();
  first.manager.stop();
  first.applier.close();
  assert.equal(first.kernel.toText(), before);
  const { kernel, storage, dhcp } = first;
  const asked = kernel.requested.length;
  kernel.restart();
  const second = new FakeMachine({ kernel, storage, dhcp });
  t.after(() => second.stop());
  await second.start();
  assert.equal(second.service("eth0").state, "ready");
  assert.equal(second.dhcp.session("eth0").config.resume, "in-use");
  assert.deepEqual([...new Set(kernel.requested.slice(asked).map(({ op }) => op))], ["put-address"]);
  assert.equal(kernel.toText(), before);
});

test("a crashed run's leftovers on a link whose cable is out are cleaned up after the start", async (t) => {
  const first = await machine(t, ["eth0"]);
  first.manager.stop();
  first.applier.close();
  first.kernel.unplug("eth0");
  const { kernel, storage, dhcp } = first;
  kernel.restart();
  const second = new FakeMachine({ kernel, storage, dhcp });
  t.after(() => second.stop());
  await second.start();
  await second.clock.advanceSettled(3000);
  assert.doesNotMatch(kernel.toText(), /192\.0\.2\.10/);
});

test("settings of Services and Manager survive a restart", async (t) => {
  const first = await machine(t, ["eth0"]);
  first.service("eth0").setProperty("Priority", 7);
  first.service("eth0").setProperty("UIData", "a panel's words");
  first.manager.settings.setProperty("DHCPProperty.Hostname", "laptop");
  first.manager.stop();
  first.kernel.restart();
  const second = new FakeMachine({ kernel: first.kernel, storage: first.storage, dhcp: first.dhcp });
  t.after(() => second.stop());
  await second.start();
  const service = second.service("eth0");
  assert.deepEqual(
    [service.priority, service.uiData, second.manager.settings.values.dhcpHostname],
    [7, "a panel's words", "laptop"],
  );
  assert.equal(second.dhcp.session("eth0").config.hostname, "laptop");
  assert.equal(service.hasEverConnected, true);
});

test("a setting that cannot be stored is refused and nothing has changed", async (t) => {
  const it = await machine(t, ["eth0"]);
  const service = it.service("eth0");
  const { store } = it.profiles.profiles[0] ?? assert.fail("no Profile");
  const write = t.mock.method(store, "write", () => {
    throw new Error("disk full");
  });
  it.announced.length = 0;
  assert.throws(() => service.setProperty("Priority", 3), /disk full/);
  write.mock.restore();
  assert.deepEqual([service.priority, it.announced], [0, []]);
});

test("a full disk prevents no connection, and clients are told as ever", async (t) => {
  const it = await machine(t, []);
  const { store } = it.profiles.profiles[0] ?? assert.fail("no Profile");
  t.mock.method(store, "write", () => {
    throw new DaemonError("InternalError", "the disk is full");
  });
  it.announced.length = 0;
  for (const link of ["eth0", "eth1"]) it.kernel.plug(link);
  await it.settle();
  assert.deepEqual(it.order, ["eth0 ready", "eth1 ready"]);
  assert.ok(it.announced.includes(`${it.service("eth0").path} State=ready`));
  it.kernel.unplug("eth0");
  await it.settle();
  assert.deepEqual(it.order, ["eth1 ready", "eth0 idle"], "identities change hands without a write");
});

test("a Device is switched on though that cannot be stored, and the answer says so; off it is refused", async (t) => {
  const it = await machine(t, ["eth0"]);
  const device = it.device("eth0");
  await device.setEnabled(false, { isPersistent: true });
  const { store } = it.profiles.profiles[0] ?? assert.fail("no Profile");
  t.mock.method(store, "write", () => {
    throw new DaemonError("NotStored", "the disk is full");
  });
  const notStored = (error: unknown) => error instanceof DaemonError && error.code === "NotStored";
  await assert.rejects(device.setEnabled(true, { isPersistent: true }), notStored);
  assert.equal(device.isEnabled, true);
  device.isEnabledPersistently = true;
  await assert.rejects(device.setEnabled(false, { isPersistent: true }), notStored);
  assert.deepEqual([device.isEnabled, device.isEnabledPersistently], [true, true]);
});
