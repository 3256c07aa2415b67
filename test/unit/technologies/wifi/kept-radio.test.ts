import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { silentLog } from "../../../../src/base/log.ts";
import { ChosenSupplicant } from "../../../../src/supplicant/chosen-supplicant.ts";
import { NodeWifiSupplicant } from "../../../../src/supplicant/node-wifi/node-wifi-supplicant.ts";
import { technologyModules } from "../../../../src/technologies/modules.ts";
import { FakeMachine } from "../../../fakes/fake-machine.ts";
import { FakeNetworkManager } from "../../../fakes/fake-network-manager.ts";
import { type FakeAccessPoint, FakeSupplicant } from "../../../fakes/fake-supplicant.ts";

const home: FakeAccessPoint = {
  ssid: "Home",
  bssid: "02:00:00:00:01:01",
  security: "psk",
  passphrase: "a long passphrase",
};
const cafe: FakeAccessPoint = { ssid: "Cafe", bssid: "02:00:00:00:01:02", security: "open" };

/** A machine with one radio that both NetworkManager and wpa_supplicant could drive. */
async function scene(t: TestContext, prepare: (manager: FakeNetworkManager) => void = () => {}) {
  const manager = new FakeNetworkManager(["wlan0"]);
  const wpa = new FakeSupplicant();
  for (const point of [home, cafe]) {
    manager.switchOn(point);
    wpa.switchOn(point);
  }
  prepare(manager);
  const nodeWifi = new NodeWifiSupplicant({ links: manager, nodeWifi: manager, log: silentLog });
  const supplicant = new ChosenSupplicant({ wpa, nodeWifi, links: manager, log: silentLog });
  const it = new FakeMachine({ modules: technologyModules, devtype: "wlan", supplicant });
  it.kernel.addHardware({ name: "wlan0", mac: "02:00:00:00:00:09", isPlugged: true });
  it.dhcp.serve("wlan0", 10);
  t.after(() => it.stop());
  await it.start();
  await it.clock.advanceSettled(0);
  const network = (name: string) => {
    const found = it.manager.services.all.find((service) => service.technology === "wifi" && service.name === name);
    assert.ok(found, name);
    return found;
  };
  const join = async (name: string, passphrase?: string) => {
    if (passphrase !== undefined) network(name).setProperty("Passphrase", passphrase);
    network(name).connect("test");
    await it.clock.advanceSettled(0);
  };
  return { it, manager, wpa, network, join, device: it.device("wlan0") };
}

test("a radio of NetworkManager's shows its networks, and is left alone by itself", async (t) => {
  const { it, device, network, wpa } = await scene(t);
  assert.deepEqual([network("Home").isVisible, network("Cafe").isVisible], [true, true]);
  assert.match(device.leftAloneBecause ?? "", /NetworkManager has the link/);
  assert.equal(it.kernel.toText().includes("wlan0 up"), false, "NetworkManager sets it up");
  assert.deepEqual(wpa.asked, []);
});

test("NetworkManager's configuration is shown as the connection, and nothing of ours is in the kernel", async (t) => {
  const { it, device, network, join } = await scene(t);
  await join("Home", "a long passphrase");
  assert.equal(network("Home").state, "ready");
  const [config] = device.ipConfigs;
  assert.deepEqual(
    [config?.address, config?.gateway, config?.nameServers],
    ["192.0.2.77", "192.0.2.1", ["192.0.2.53"]],
  );
  assert.doesNotMatch(it.kernel.toText(), /address 192|route .*wlan0/);
});

test("an address that NetworkManager gives the radio for a network ends no connection", async (t) => {
  const { it, network, join, device } = await scene(t);
  await join("Cafe");
  await it.kernel.request({ op: "set-link", link: device.link.index, change: { mac: "02:00:00:00:00:77" } });
  await it.clock.advanceSettled(0);
  assert.deepEqual([network("Cafe").state, device.mac], ["ready", "02:00:00:00:00:77"]);
});

test("a wrong passphrase is told as such, and the right one works after it", async (t) => {
  const { network, join } = await scene(t);
  await join("Home", "not the right one");
  assert.deepEqual([network("Home").state, network("Home").connection.previousError], ["idle", "bad-passphrase"]);
  await join("Home", "a long passphrase");
  assert.equal(network("Home").state, "ready");
});

test("another network that a person picks in another program is shown, and not disconnected", async (t) => {
  const { it, manager, network, join } = await scene(t);
  await join("Home", "a long passphrase");
  manager.orders.length = 0;
  manager.switchOver("wlan0", cafe.bssid);
  await it.clock.advanceSettled(0);
  assert.deepEqual([network("Home").state, network("Cafe").state], ["idle", "ready"]);
  assert.equal(manager.orders.includes("disconnect wlan0"), false, manager.orders.join());
});

test("of two orders in a row only the second is carried out", async (t) => {
  const { it, manager, network } = await scene(t);
  network("Home").setProperty("Passphrase", "a long passphrase");
  network("Cafe").connect("test");
  network("Home").connect("test");
  await it.clock.advanceSettled(0);
  assert.deepEqual([network("Cafe").state, network("Home").state], ["idle", "ready"]);
  assert.equal(manager.of("wlan0")?.bssid, home.bssid);
});

test("disconnected by a person, NetworkManager leaves it, too", async (t) => {
  const { it, manager, network, join } = await scene(t);
  await join("Cafe");
  network("Cafe").disconnect("D-Bus RPC");
  await it.clock.advanceSettled(0);
  assert.equal(network("Cafe").state, "idle");
  assert.deepEqual([manager.of("wlan0")?.state, manager.orders.includes("disconnect wlan0")], [30, true]);
});

test("a network that NetworkManager has connected by itself is shown as connected", async (t) => {
  const { network, manager } = await scene(t, (air) => air.connectItself("wlan0", cafe.bssid));
  assert.equal(network("Cafe").state, "ready");
  assert.ok(
    manager.orders.every((order) => order.startsWith("list")),
    manager.orders.join(),
  );
});

test("a radio that NetworkManager gives up goes to wpa_supplicant, and layer 3 is ours again", async (t) => {
  const { it, manager, network, join, device } = await scene(t);
  await join("Cafe");
  manager.setManaged("wlan0", false);
  await it.clock.advanceSettled(0);
  assert.equal(device.leftAloneBecause, undefined);
  await it.clock.advanceSettled(10_000);
  assert.equal(network("Cafe").state, "ready");
  assert.match(it.kernel.toText(), /address 192\.0\.2\.10\/24 dev wlan0/);
  manager.setManaged("wlan0", true);
  await it.clock.advanceSettled(0);
  assert.match(device.leftAloneBecause ?? "", /NetworkManager has the link/);
});
