import assert from "node:assert/strict";
import { test } from "node:test";
import { bestServices } from "../../../src/manager/auto-connector.ts";
import { FakeMachine } from "../../fakes/fake-machine.ts";
import { mac, machine } from "./machine.ts";

const rules = { technologyOrder: ["ethernet"] as const, isTechnologyAutoConnectable: () => true };

test("the best cable by merit, at any present connection", async (t) => {
  const it = await machine(t, ["eth0", "eth1"]);
  it.service("eth1").setProperty("Priority", 5);
  it.service("eth1").disconnect("Stop");
  await it.settle();
  assert.deepEqual(bestServices(it.manager.services.all, rules), [it.service("eth1")]);
});

test("passed over: explicitly disconnected, out of sight, of a technology that is not to connect by itself", async (t) => {
  const it = await machine(t, ["eth0", "eth1"]);
  it.service("eth0").disconnect("D-Bus RPC");
  assert.deepEqual(bestServices(it.manager.services.all, rules), [it.service("eth1")]);
  it.kernel.unplug("eth1");
  await it.settle();
  assert.deepEqual(bestServices(it.manager.services.all, rules), []);
  it.kernel.plug("eth1");
  await it.settle();
  const held = { ...rules, isTechnologyAutoConnectable: () => false };
  assert.deepEqual(bestServices(it.manager.services.all, held), []);
});

test("a cooldown does not hold it back, an explicit disconnect does", async (t) => {
  // No server gives addresses.
  const it = new FakeMachine();
  t.after(() => it.stop());
  it.kernel.addHardware({ name: "eth0", mac: mac(1) });
  it.kernel.plug("eth0");
  await it.start();
  const service = it.service("eth0");
  assert.equal(service.state, "configuration");
  for (let attempt = 0; attempt < 3 && service.autoConnectRefusal !== "throttled"; attempt++) {
    service.fail("dhcp-failed", "");
    it.device("eth0").dropConnection("Stop");
    await it.settle();
  }
  assert.equal(service.autoConnectRefusal, "throttled");
  it.manager.autoConnector.connectBest();
  await it.settle();
  assert.equal(service.state, "configuration");
  service.disconnect("D-Bus RPC");
  it.manager.autoConnector.connectBest();
  await it.settle();
  assert.equal(service.state, "idle");
});
