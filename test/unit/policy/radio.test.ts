import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { technologyModules } from "../../../src/technologies/modules.ts";
import { FakeMachine } from "../../fakes/fake-machine.ts";
import { FakeSupplicant } from "../../fakes/fake-supplicant.ts";
import { settings } from "./place-on-machine.ts";

/** The real WiFi technology with a supplicant in memory, joined to the network "My Home". */
async function atHome(t: TestContext) {
  const supplicant = new FakeSupplicant();
  supplicant.switchOn({ ssid: "My Home", bssid: "02:00:00:00:01:02", security: "open", signalDbm: -60 });
  const it = new FakeMachine({ modules: technologyModules, devtype: "wlan", cables: ["eth0"], supplicant });
  it.kernel.addHardware({ name: "wlan0", mac: "02:00:00:00:00:09", isPlugged: true });
  it.dhcp.serve("wlan0", 10);
  t.after(() => it.stop());
  await it.start();
  const network = it.manager.services.all.find(({ name }) => name === "My Home");
  assert.ok(network);
  network.connect("test");
  await it.clock.advanceSettled(250);
  return { it, network, supplicant };
}

test("a Location goes by the name of a network with a blank in it, and by the access point", async (t) => {
  const { it, network } = await atHome(t);
  assert.equal(network.state, "ready");
  const { locations } = it.manager.automation;
  const bottom = it.profiles.profiles[0];
  assert.ok(bottom);
  const conditions = ['essid is "My Home"', "bssid is 2:0:0:0:1:2"];
  locations.create(
    bottom,
    "home",
    settings({ ActivationMode: "conditional-all", Conditions: conditions, NameServers: ["203.0.113.53"] }),
  );
  it.manager.automation.reload();
  await it.clock.advanceSettled(250);
  assert.deepEqual([locations.active?.name, it.nameServers], ["home", ["203.0.113.53"]]);
  network.disconnect("D-Bus RPC");
  await it.clock.advanceSettled(250);
  assert.deepEqual([locations.active?.name, it.nameServers], ["NoNet", []]);
});

test("policy Automatic with a cable and a real radio: the cable's network is there first, and the radio's comes back by itself", async (t) => {
  const { it, network } = await atHome(t);
  it.manager.automation.activatePolicy("Automatic");
  it.kernel.addHardware({ name: "eth0", mac: "02:00:00:00:00:01", isPlugged: true });
  it.dhcp.serve("eth0", 11);
  await it.settle();
  assert.deepEqual([it.service("eth0").state, network.state], ["ready", "ready"]);
  await it.clock.advanceSettled(250);
  assert.deepEqual([network.state, network.autoConnectRefusal], ["idle", "policy Automatic: group 0 is online"]);
  it.kernel.unplug("eth0");
  await it.clock.advanceSettled(5_000);
  assert.equal(network.state, "ready");
  it.manager.automation.activatePolicy("All");
  it.kernel.plug("eth0");
  await it.clock.advanceSettled(5_000);
  assert.deepEqual([it.service("eth0").state, network.state], ["ready", "ready"]);
});
