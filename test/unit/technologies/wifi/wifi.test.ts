import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { LeaseKeeper } from "../../../../src/network/protocols/dhcp4/config.ts";
import type { Service } from "../../../../src/services/service.ts";
import { technologyModules } from "../../../../src/technologies/modules.ts";
import type { WifiDevice } from "../../../../src/technologies/wifi/wifi-device.ts";
import type { WifiService } from "../../../../src/technologies/wifi/wifi-service.ts";
import { FakeMachine, type FakeMachineOptions } from "../../../fakes/fake-machine.ts";
import { type FakeAccessPoint, FakeSupplicant } from "../../../fakes/fake-supplicant.ts";

const home: FakeAccessPoint = {
  ssid: "Home",
  bssid: "02:00:00:00:01:01",
  security: "psk",
  passphrase: "a long passphrase",
  signalDbm: -50,
};
const cafe: FakeAccessPoint = { ssid: "Cafe", bssid: "02:00:00:00:01:02", security: "open", signalDbm: -60 };

/** A machine with one radio, and these access points in the air. */
async function scene(
  t: TestContext,
  points: readonly FakeAccessPoint[],
  options: FakeMachineOptions & { readonly supplicant?: FakeSupplicant } = {},
) {
  const supplicant = options.supplicant ?? new FakeSupplicant();
  for (const point of points) supplicant.switchOn(point);
  const it = new FakeMachine({ modules: technologyModules, devtype: "wlan", ...options, supplicant });
  if (!options.kernel) {
    it.kernel.addHardware({ name: "wlan0", mac: "02:00:00:00:00:09", isPlugged: true });
    it.dhcp.serve("wlan0", 10);
  }
  t.after(() => it.stop());
  await it.start();
  const network = (name: string): WifiService => {
    const found = it.manager.services.all.find((service) => service.technology === "wifi" && service.name === name);
    assert.ok(found, `${name} in ${it.manager.services.all.map((service) => service.name).join()}`);
    return found as WifiService;
  };
  const device = it.device("wlan0") as WifiDevice;
  const settle = async (ms = 0) => {
    await it.clock.advanceSettled(ms);
  };
  const join = async (name: string, passphrase?: string) => {
    if (passphrase !== undefined) network(name).setProperty("Passphrase", passphrase);
    network(name).connect("test");
    await settle();
  };
  return { it, supplicant, device, network, settle, join };
}
const visible = (it: FakeMachine) =>
  it.manager.services.all
    .filter(({ technology, isVisible }) => technology === "wifi" && isVisible)
    .map(({ name }) => name);
const failureOf = (service: Service) => [service.state, service.connection.previousError];

test("access points become Services by name and class, strongest first", async (t) => {
  const far = { ...home, bssid: "02:00:00:00:01:03", signalDbm: -80, frequencyMhz: 5180 };
  const twin: FakeAccessPoint = { ...home, bssid: "02:00:00:00:01:04", security: "open" };
  const { it, network } = await scene(t, [cafe, home, far, twin]);
  assert.deepEqual(visible(it).sort(), ["Cafe", "Home", "Home"]);
  const psk = it.manager.services.all.find(({ storageId }) => storageId === "wifi_any_486f6d65_managed_psk");
  const value = (name: string) => psk?.properties.value(name);
  assert.deepEqual([value("Security"), value("SecurityClass"), value("Mode")], ["wpa2", "psk", "managed"]);
  assert.deepEqual([value("WiFi.HexSSID"), value("WiFi.BSSID"), value("Strength")], ["486F6D65", home.bssid, 87]);
  assert.deepEqual([value("WiFi.FrequencyList"), value("PassphraseRequired")], [[2412, 5180], true]);
  assert.equal(network("Cafe").properties.value("Connectable"), true);
  assert.equal(psk?.isConnectable, false, "without a passphrase");
});

test("an open network is joined, and layer 3 follows", async (t) => {
  const { it, join, network, device } = await scene(t, [cafe]);
  await join("Cafe");
  assert.equal(network("Cafe").state, "ready");
  assert.match(it.kernel.toText(), /address 192\.0\.2\.10\/24 dev wlan0/);
  assert.deepEqual(device.selectedService, network("Cafe"));
  assert.deepEqual(
    it
      .changes("State")
      .filter((line) => line.includes("/service/"))
      .map((line) => line.split("=")[1]),
    ["association", "configuration", "ready"],
  );
});

for (const security of ["psk", "sae", "psk+sae"] as const) {
  test(`a network of ${security} is joined with its passphrase, and stored once it worked`, async (t) => {
    const { join, network } = await scene(t, [{ ...home, security }]);
    assert.equal(network("Home").profile, undefined);
    await join("Home", "a long passphrase");
    assert.deepEqual([network("Home").state, network("Home").autoConnect], ["ready", true]);
    const rows = network("Home").profile?.store.read(network("Home").storageId);
    assert.equal(rows?.get("Passphrase"), JSON.stringify("a long passphrase"));
  });
}

test("the refusal to connect names the missing part", async (t) => {
  const { network } = await scene(t, [home]);
  const message = /is not connectable: it needs a passphrase$/;
  assert.throws(() => network("Home").connect("test"), { code: "Failure", message });
});

test("a wrong passphrase is told as such, and nothing is stored", async (t) => {
  const { join, network, device } = await scene(t, [home]);
  await join("Home", "not the right one");
  assert.deepEqual(failureOf(network("Home")), ["idle", "bad-passphrase"]);
  assert.deepEqual([network("Home").profile, device.selectedService], [undefined, undefined]);
  await join("Home", "a long passphrase");
  assert.equal(network("Home").state, "ready");
});

test("with a passphrase that worked before, only the third failed handshake in a row is taken for a wrong one", async (t) => {
  const { it, supplicant, join, network, settle } = await scene(t, [home]);
  await join("Home", "a long passphrase");
  supplicant.switchOn({ ...home, passphrase: "changed by the owner" });
  network("Home").disconnect("D-Bus RPC");
  it.announced.length = 0;
  network("Home").connect("test");
  await settle(30_000);
  const errors = it.changes("Error").filter((line) => !line.endsWith("no-failure"));
  const words = errors.map((line) => line.split("=")[1]);
  assert.deepEqual(words.slice(0, 3), ["unknown-failure", "unknown-failure", "bad-passphrase"]);
});

test("passphrases that are none are refused, and never readable", async (t) => {
  const { network, it } = await scene(t, [home, cafe]);
  for (const bad of ["short", "x".repeat(64), "tab\there12", ""]) {
    assert.throws(() => network("Home").setProperty("Passphrase", bad), { code: "InvalidPassphrase" });
  }
  assert.throws(() => network("Cafe").setProperty("Passphrase", "a long passphrase"), { code: "IllegalOperation" });
  network("Home").setProperty("Passphrase", "a long passphrase");
  assert.ok(!it.announced.some((line) => line.includes("a long passphrase")));
});

test("an access point that does not answer is given up after 15 s", async (t) => {
  const { supplicant, network, settle, join } = await scene(t, [home]);
  const service = network("Home");
  supplicant.switchOff(home.bssid);
  await join("Home", "a long passphrase");
  assert.equal(service.state, "association");
  await settle(15_000);
  assert.deepEqual(failureOf(service), ["idle", "out-of-range"]);
  assert.match(
    service.connection.attempts.lastFailure?.because ?? "",
    /no connection within 15 s: no access point of it is heard/,
  );
});

test("an access point that goes ends the connection; when it is back the network is joined by itself", async (t) => {
  const { supplicant, network, settle, join, device } = await scene(t, [home]);
  await join("Home", "a long passphrase");
  supplicant.switchOff(home.bssid);
  await settle();
  assert.deepEqual(failureOf(network("Home")), ["association", "disconnect-failure"], "tried again at once");
  await settle(20_000);
  assert.equal(network("Home").isVisible, false);
  supplicant.switchOn(home);
  device.requestScan();
  await settle(60_000);
  assert.equal(network("Home").state, "ready");
});

test("a supplicant that was killed: the network is joined again when it is back, and no failure is counted", async (t) => {
  const { supplicant, network, settle, join } = await scene(t, [home]);
  await join("Home", "a long passphrase");
  supplicant.kill();
  await settle();
  assert.deepEqual([network("Home").state, network("Home").connection.previousError], ["idle", ""]);
  supplicant.start();
  await settle(1000);
  assert.equal(network("Home").state, "ready");
});

test("after a restart of the daemon a stored network is joined by itself, on the same terms", async (t) => {
  const first = await scene(t, [home]);
  await first.join("Home", "a long passphrase");
  await first.settle(1000);
  first.it.manager.stop();
  first.it.kernel.restart();
  const { storage, kernel, dhcp } = first.it;
  const second = await scene(t, [home], { storage, kernel, dhcp });
  await second.settle(1000);
  assert.equal(second.network("Home").state, "ready");
  assert.equal(second.network("Home").networkKey, "a long passphrase");
});

test("a supplicant that went on over the restart keeps its association, and is asked for nothing", async (t) => {
  const { it, join, settle, supplicant } = await scene(t, [home, cafe]);
  await join("Home", "a long passphrase");
  await settle(1000);
  it.manager.stop();
  it.kernel.restart();
  supplicant.close();
  const { storage, kernel, dhcp } = it;
  const second = await scene(t, [], { storage, kernel, dhcp, supplicant });
  await second.settle();
  assert.equal(second.network("Home").state, "ready");
  assert.equal(supplicant.asked.length, 1);
});

test("an association of a network that does not connect by itself is kept over a restart, too", async (t) => {
  const { it, join, settle, supplicant, network } = await scene(t, [home]);
  await join("Home", "a long passphrase");
  network("Home").setProperty("AutoConnect", false);
  await settle(1000);
  it.manager.stop();
  it.kernel.restart();
  supplicant.close();
  const { storage, kernel, dhcp } = it;
  const second = await scene(t, [], { storage, kernel, dhcp, supplicant });
  await second.settle();
  const found = second.network("Home");
  assert.deepEqual([found.state, found.autoConnect, supplicant.asked.length], ["ready", false, 1]);
  found.disconnect("D-Bus RPC");
  await second.settle(1000);
  assert.equal(found.state, "idle", "a person who disconnects is left in peace");
});

test("another network takes the place of the first on the same radio", async (t) => {
  const { network, join } = await scene(t, [home, cafe]);
  await join("Home", "a long passphrase");
  await join("Cafe");
  assert.deepEqual([network("Home").state, network("Cafe").state], ["idle", "ready"]);
  assert.equal(network("Home").connection.reason, "another Service takes the link");
});

test("a known network that is out of range costs no connection, and is told as out of range at once", async (t) => {
  const { it, supplicant, network, join, settle, device } = await scene(t, [home, cafe]);
  await join("Cafe");
  await join("Home", "a long passphrase");
  supplicant.switchOff(cafe.bssid);
  device.requestScan();
  await settle();
  assert.equal(network("Cafe").isVisible, false);
  it.announced.length = 0;
  await join("Cafe");
  assert.deepEqual(failureOf(network("Cafe")), ["idle", "out-of-range"]);
  assert.match(
    network("Cafe").connection.attempts.lastFailure?.because ?? "",
    /no access point of it is heard on wlan0$/,
  );
  assert.deepEqual([network("Home").state, device.selectedService], ["ready", network("Home")]);
  const ofHome = it.changes("State").filter((line) => line.includes(network("Home").path));
  assert.deepEqual([ofHome, supplicant.asked.length], [[], 2]);
  await settle(60_000);
  assert.equal(network("Home").state, "ready");
});

test("a network that came back in range unheard is looked for, and takes the place of the first", async (t) => {
  const { supplicant, network, join, settle, device } = await scene(t, [home, cafe]);
  await join("Cafe");
  await join("Home", "a long passphrase");
  supplicant.switchOff(cafe.bssid);
  device.requestScan();
  await settle();
  supplicant.switchOn(cafe);
  network("Cafe").connect("test");
  assert.deepEqual([network("Home").state, network("Cafe").state], ["ready", "association"]);
  assert.equal(
    network("Cafe").connection.reason,
    "looking for it on wlan0, which keeps its connection until it is heard",
  );
  await settle();
  assert.deepEqual([network("Home").state, network("Cafe").state], ["idle", "ready"]);
});

for (const [how, end] of [
  ["disconnected", (cafe: WifiService, _home: WifiService) => cafe.disconnect("D-Bus RPC")],
  ["followed by another wish", (_cafe: WifiService, home: WifiService) => home.connect("test")],
] as const) {
  test(`a network that is looked for and ${how} is looked for no more`, async (t) => {
    const { supplicant, network, join, settle, device } = await scene(t, [home, cafe]);
    await join("Cafe");
    await join("Home", "a long passphrase");
    supplicant.switchOff(cafe.bssid);
    device.requestScan();
    await settle();
    if (how !== "disconnected") network("Home").disconnect("D-Bus RPC");
    network("Cafe").connect("test");
    end(network("Cafe"), network("Home"));
    supplicant.switchOn(cafe);
    await settle(60_000);
    assert.deepEqual([network("Cafe").state, network("Home").state], ["idle", "ready"]);
    assert.equal(network("Cafe").connection.previousError, "");
  });
}

test("a radio that is disabled looks for nothing", async (t) => {
  const { supplicant, network, join, settle, device } = await scene(t, [home, cafe]);
  await join("Cafe");
  await join("Home", "a long passphrase");
  supplicant.switchOff(cafe.bssid);
  device.requestScan();
  await settle();
  network("Cafe").connect("test");
  await device.setEnabled(false, { isPersistent: false });
  await settle(60_000);
  assert.deepEqual([network("Cafe").state, network("Home").state], ["idle", "idle"]);
});

test("a network that a second radio hears stays with the radio that it is connected on", async (t) => {
  const { it, network, join, settle, device } = await scene(t, [home]);
  await join("Home", "a long passphrase");
  it.kernel.addHardware({ name: "wlan1", mac: "02:00:00:00:00:0a", isPlugged: true });
  await settle(20_000);
  assert.equal(it.device("wlan1").technology, "wifi");
  assert.equal(network("Home").device, device);
  network("Home").disconnect("D-Bus RPC");
  await settle();
  assert.deepEqual([network("Home").state, device.selectedService], ["idle", undefined]);
});

test("a network that is forgotten says so", async (t) => {
  const { network, join, settle } = await scene(t, [cafe]);
  await join("Cafe");
  await settle(3000);
  network("Cafe").remove();
  assert.deepEqual([network("Cafe").state, network("Cafe").connection.reason], ["idle", "no Profile has it any more"]);
});

test("a person who disconnects is left in peace", async (t) => {
  const { network, join, settle, device } = await scene(t, [cafe]);
  await join("Cafe");
  network("Cafe").disconnect("D-Bus RPC");
  await settle(120_000);
  assert.deepEqual([network("Cafe").state, device.selectedService], ["idle", undefined]);
  assert.equal(network("Cafe").autoConnectRefusal, "explicitly disconnected");
});

test("a radio that is disabled gives the link back, and its networks leave the list", async (t) => {
  const { it, network, join, settle, device } = await scene(t, [home, cafe]);
  await join("Home", "a long passphrase");
  await device.setEnabled(false, { isPersistent: false });
  await settle();
  assert.equal(network("Home").state, "idle");
  assert.deepEqual(visible(it), []);
  await device.setEnabled(true, { isPersistent: false });
  await settle(1000);
  assert.equal(network("Home").state, "ready");
});

test("a radio that is not connected scans thrice soon and then at its interval", async (t) => {
  const { it, settle } = await scene(t, []);
  const scans = () => it.changes("Scanning").filter((line) => line.endsWith("true")).length;
  const before = scans();
  await settle(20_000);
  assert.equal(scans() - before, 2);
  await settle(120_000);
  assert.equal(scans() - before, 4);
});

test("names that are no text are shown as text, and stay what they are", async (t) => {
  const odd = Buffer.from([0xff, 0xfe, 0x1b, 0x41]);
  const { it } = await scene(t, [
    { ...cafe, ssid: odd },
    { ...home, ssid: Buffer.from([0, 0, 0]) },
  ]);
  const [service] = it.manager.services.all.filter(({ technology }) => technology === "wifi") as WifiService[];
  assert.equal(service?.name, "ÿþ?A");
  assert.deepEqual(service?.ssid, odd);
  assert.equal(visible(it).length, 1, "a name of zero bytes is no network");
});

/** The keeper that the running session of the radio was given. */
const leasesOn = ({ dhcp }: FakeMachine): LeaseKeeper => {
  const session = dhcp.sessions.findLast(({ link, end }) => link.name === "wlan0" && end === "running");
  assert.ok(session?.config.leases);
  return session.config.leases;
};

test("each network has its own last lease, also after a restart of the daemon, and until it is forgotten", async (t) => {
  const { it, join, settle, network, supplicant } = await scene(t, [home, cafe]);
  const leaseOf = async (name: string) => {
    await join(name, name === "Home" ? "a long passphrase" : undefined);
    return leasesOn(it).load();
  };
  const save = (lease: string) => leasesOn(it).save(lease, Number.MAX_SAFE_INTEGER, "server");
  assert.equal(await leaseOf("Home"), undefined);
  save("lease of Home");
  assert.equal(await leaseOf("Cafe"), undefined);
  save("lease of Cafe");
  assert.equal(await leaseOf("Home"), "lease of Home");
  network("Cafe").setProperty("AutoConnect", false);
  supplicant.switchOff(home.bssid);
  await settle();
  supplicant.switchOn(home);
  await settle(20_000);
  assert.equal(network("Home").state, "ready");
  assert.equal(leasesOn(it).load(), "lease of Home", "after a loss of the access point");

  it.manager.stop();
  it.kernel.restart();
  const { storage, kernel, dhcp } = it;
  const second = await scene(t, [home, cafe], { storage, kernel, dhcp });
  await second.settle(20_000);
  assert.equal(second.network("Home").state, "ready");
  assert.equal(leasesOn(second.it).load(), "lease of Home");
  await second.join("Cafe");
  assert.equal(leasesOn(second.it).load(), "lease of Cafe");
  const { storageId, profile } = second.network("Cafe");
  assert.equal(profile?.store.leases(storageId).length, 1);
  second.network("Cafe").remove();
  assert.deepEqual(profile?.store.leases(storageId), []);
});

test("a lease that comes before the network is stored is stored with it", async (t) => {
  const { it, network, settle } = await scene(t, [cafe]);
  it.dhcp.servers.clear();
  network("Cafe").connect("test");
  await settle();
  const { storageId } = network("Cafe");
  assert.equal(network("Cafe").profile, undefined);
  leasesOn(it).save("lease of Cafe", Number.MAX_SAFE_INTEGER, "server");
  network("Cafe").networkConnected("test");
  await settle();
  const stored = network("Cafe").profile?.store.leases(storageId);
  assert.deepEqual(
    stored?.map(({ json }) => json),
    ["lease of Cafe"],
  );
});
