import assert from "node:assert/strict";
import { test } from "node:test";
import { machine } from "./machine.ts";

const now = { isPersistent: false };

test("the Service of a disabled Device leaves, the other cable takes over, and it comes back with the Device", async (t) => {
  const it = await machine(t, ["eth0", "eth1"]);
  const gone = it.service("eth0");
  await it.device("eth0").setEnabled(false, now);
  await it.settle();
  assert.deepEqual(it.order, ["eth1 ready"]);
  assert.deepEqual(it.manager.settings.properties.value("ServiceCompleteList"), [it.service("eth1").path]);
  assert.equal(it.service("eth1").storageId, "ethernet_any");
  assert.equal(gone.state, "idle");
  await it.device("eth0").setEnabled(true, now);
  await it.settle();
  assert.deepEqual([...it.order].sort(), ["eth0 ready", "eth1 ready"]);
  assert.notEqual(it.service("eth0").path, gone.path, "a new object");
});

test("the last one stays without its Device, and whichever Device is enabled next has it", async (t) => {
  const it = await machine(t, ["eth0", "eth1"]);
  const devices = ["eth0", "eth1"].map((name) => it.device(name));
  for (const device of devices) await device.setEnabled(false, now);
  await it.settle();
  assert.deepEqual(it.order, ["- idle"]);
  const [last] = it.manager.services.all;
  assert.deepEqual(
    [last?.storageId, last?.properties.value("Device"), last?.properties.value("Visible"), last?.autoConnectRefusal],
    ["ethernet_any", undefined, false, "no device"],
  );
  await it.device("eth1").setEnabled(true, now);
  await it.settle();
  assert.equal(it.service("eth1"), last);
  assert.deepEqual(it.order, ["eth1 ready"]);
});

test("in one step too: a prohibition takes all Services but one along", async (t) => {
  const it = await machine(t, ["eth0", "eth1"]);
  it.manager.settings.setProperty("ProhibitedTechnologies", "ethernet");
  await it.settle();
  assert.deepEqual(it.order, ["- idle"]);
  it.manager.settings.setProperty("ProhibitedTechnologies", "");
  await Promise.all(["eth0", "eth1"].map((name) => it.device(name).setEnabled(true, now)));
  await it.settle();
  assert.deepEqual([...it.order].sort(), ["eth0 ready", "eth1 ready"]);
});

test("a card that comes while its technology is prohibited has no Service until it is enabled", async (t) => {
  const it = await machine(t, ["eth0", "eth1"]);
  it.manager.settings.setProperty("ProhibitedTechnologies", "ethernet");
  await it.settle();
  it.kernel.addHardware({ name: "usb0", mac: "02:00:00:00:00:09", isPlugged: true });
  it.dhcp.serve("usb0", 30);
  await it.settle();
  assert.deepEqual([it.order, it.manager.devices.length], [["- idle"], 3]);
  it.manager.settings.setProperty("ProhibitedTechnologies", "");
  await it.device("usb0").setEnabled(true, now);
  await it.settle();
  assert.deepEqual(it.order, ["usb0 ready"]);
});

test("a disabled card that is taken out takes no Service along", async (t) => {
  const it = await machine(t, ["eth0", "eth1"]);
  await it.device("eth0").setEnabled(false, now);
  it.kernel.removeHardware("eth0");
  await it.settle();
  assert.deepEqual(it.order, ["eth1 ready"]);
});

test("settings outlive the Service that is gone with its Device", async (t) => {
  const it = await machine(t, ["eth0", "eth1"]);
  it.service("eth0").setProperty("Priority", 4);
  it.service("eth0").setProperty("UIData", "words");
  await it.device("eth0").setEnabled(false, now);
  await it.settle();
  await it.device("eth0").setEnabled(true, now);
  await it.settle();
  assert.deepEqual([it.service("eth0").priority, it.service("eth0").uiData], [4, "words"]);
});

test("a card that is taken out while it is being enabled leaves no Service behind", async (t) => {
  const it = await machine(t, ["eth1"]);
  await it.device("eth0").setEnabled(false, now);
  await it.settle();
  const enabling = it.device("eth0").setEnabled(true, now);
  it.kernel.removeHardware("eth0");
  await enabling.catch(() => {});
  await it.settle();
  assert.deepEqual(it.order, ["eth1 ready"]);
});
