import assert from "node:assert/strict";
import { test } from "node:test";
import { localTimeText } from "../../../src/services/attempts.ts";
import { leaseOf } from "../../fakes/fake-dhcp-handler.ts";
import { FakeMachine } from "../../fakes/fake-machine.ts";
import { mac, machine } from "./machine.ts";

test("a cable goes in: lease, address, default route, name server, ready", async (t) => {
  const it = await machine(t, []);
  assert.equal(it.service("eth0").state, "idle");
  assert.equal(it.service("eth0").autoConnectRefusal, "connection medium unavailable");
  it.kernel.plug("eth0");
  await it.settle();
  assert.equal(it.service("eth0").state, "ready");
  assert.match(it.kernel.toText(), /192\.0\.2\.10\/24/);
  assert.match(it.kernel.toText(), /default via 192\.0\.2\.1/);
  assert.deepEqual(it.nameServers, ["192.0.2.1"]);
  assert.equal(it.manager.services.defaultService, it.service("eth0"));
});

test("a link comes up only through its claim, and its Device is enabled", async (t) => {
  const it = await machine(t, []);
  const eth0 = it.device("eth0");
  assert.deepEqual([eth0.isEnabled, eth0.link.isUp, eth0.claimable.claimCount], [true, true, 1]);
});

test("State goes idle, configuration, ready, and IsConnected is told before State", async (t) => {
  const it = await machine(t, []);
  it.announced.length = 0;
  it.kernel.plug("eth0");
  await it.settle();
  const path = it.service("eth0").path;
  const told = it.announced.filter((line) => /^\S+ (State|IsConnected)=/.test(line) && line.startsWith(path));
  assert.deepEqual(told, [`${path} State=configuration`, `${path} IsConnected=true`, `${path} State=ready`]);
});

test("with validation disabled a connected Service is online at once", async (t) => {
  const it = await machine(t, ["eth0"]);
  it.manager.settings.setProperty("CheckPortalList", "");
  await it.settle();
  assert.equal(it.service("eth0").state, "online");
  assert.equal(it.manager.settings.properties.value("ConnectionState"), "online");
});

test("the cable goes out: carrier is told at once, the Service is idle, the address is gone", async (t) => {
  const it = await machine(t, ["eth0"]);
  it.announced.length = 0;
  it.kernel.unplug("eth0");
  assert.ok(it.announced.includes("/device/eth0 Ethernet.LinkUp=false"), "in the turn of the kernel's news");
  await it.settle();
  assert.equal(it.service("eth0").state, "idle");
  assert.doesNotMatch(it.kernel.toText(), /192\.0\.2\.10/);
  assert.deepEqual(it.nameServers, []);
  assert.equal(it.dhcp.session("eth0").end, "dropped", "no farewell: the same cable will want the same address");
});

test("plugged in again it connects again by itself", async (t) => {
  const it = await machine(t, ["eth0"]);
  it.kernel.unplug("eth0");
  await it.settle();
  it.kernel.plug("eth0");
  await it.settle();
  assert.equal(it.service("eth0").state, "ready");
});

test("two cables: both connected, the older one first, and the other takes over when it is lost", async (t) => {
  const it = await machine(t, ["eth0", "eth1"]);
  assert.deepEqual(it.order, ["eth0 ready", "eth1 ready"]);
  assert.equal(it.manager.services.reasonOf(it.service("eth0")), "SerialNumber");
  it.kernel.unplug("eth0");
  await it.settle();
  assert.deepEqual(it.order, ["eth1 ready", "eth0 idle"]);
  assert.equal(it.manager.services.reasonOf(it.service("eth1")), "IsConnected");
  assert.equal(it.manager.services.defaultService?.device?.linkName, "eth1");
});

test("Priority decides between two cables, at once and with its reason", async (t) => {
  const it = await machine(t, ["eth0", "eth1"]);
  it.service("eth1").setProperty("Priority", 5);
  await it.settle();
  assert.deepEqual(it.order, ["eth1 ready", "eth0 ready"]);
  assert.equal(it.manager.services.reasonOf(it.service("eth1")), "Priority");
  assert.match(it.kernel.toText(), /default via 192\.0\.2\.1 dev eth1 .*metric 200/);
});

test("identities come to rest with any settings of the sockets, also of cables that are out", async (t) => {
  const it = await machine(t, ["eth0", "eth1"]);
  for (const name of ["eth0", "eth1", "eth0"]) {
    it.service(name).setProperty("ONCSource", "UserPolicy");
    it.service(name).setProperty("ManagedCredentials", true);
    it.service(name).setProperty("Priority", 3);
    it.kernel.unplug("eth0");
    it.kernel.unplug("eth1");
    await it.settle();
    const sorts = it.manager.services.recentReasons.length;
    it.service(name).setProperty("StaticIPConfig", new Map([["Mtu", { signature: "i", value: 1400 }]]));
    await it.settle();
    assert.ok(it.manager.services.recentReasons.length - sorts < 5);
    const generic = it.manager.services.all.filter(({ storageId }) => storageId === "ethernet_any");
    assert.deepEqual(generic, [it.manager.services.all[0]]);
    it.kernel.plug(name);
    await it.settle();
  }
});

test("a lost cable is told by its reason, and is no failure to be counted", async (t) => {
  const it = await machine(t, ["eth0"]);
  const service = it.service("eth0");
  it.kernel.unplug("eth0");
  await it.settle();
  assert.equal(service.connection.reason, "carrier lost");
  assert.equal(service.connection.attempts.disconnects, undefined);
  it.kernel.plug("eth0");
  await it.settle();
  service.disconnect("D-Bus RPC");
  await it.settle();
  assert.equal(service.connection.reason, "D-Bus RPC");
  assert.equal(service.connection.attempts.disconnects, undefined);
});

test("a cable that is pulled while its address is put leaves the Service idle, and connects when it is back", async (t) => {
  const it = await machine(t, []);
  const service = it.service("eth0");
  service.setProperty(
    "StaticIPConfig",
    new Map([
      ["Address", { signature: "s", value: "203.0.113.5" }],
      ["Prefixlen", { signature: "i", value: 24 }],
    ]),
  );
  // The kernel's news are heard while it is asked: in the middle of the connecting.
  const batch = it.kernel.batch.bind(it.kernel);
  const pulled = t.mock.method(it.kernel, "batch", (...args: Parameters<typeof batch>) => {
    pulled.mock.restore();
    it.kernel.unplug("eth0");
    return batch(...args);
  });
  it.kernel.plug("eth0");
  await it.settle();
  assert.deepEqual(
    [pulled.mock.callCount() >= 1, service.state, it.device("eth0").selectedService],
    [true, "idle", undefined],
  );
  it.kernel.plug("eth0");
  await it.settle();
  assert.equal(service.state, "ready");
});

test("a preference taken back puts the older cable first again", async (t) => {
  const it = await machine(t, ["eth0", "eth1"]);
  it.service("eth1").setProperty("Priority", 5);
  await it.settle();
  it.service("eth1").setProperty("Priority", 0);
  await it.settle();
  assert.deepEqual(it.order, ["eth0 ready", "eth1 ready"]);
});

test("the best cable carries the identity ethernet_any, and hands it on", async (t) => {
  const it = await machine(t, ["eth0", "eth1"]);
  assert.equal(it.service("eth0").storageId, "ethernet_any");
  assert.equal(it.service("eth1").storageId, "ethernet_020000000002");
  it.kernel.unplug("eth0");
  await it.settle();
  assert.equal(it.service("eth1").storageId, "ethernet_any");
  assert.equal(it.service("eth0").storageId, "ethernet_020000000001");
});

test("without any card there is one Ethernet Service, invisible and without a Device", async (t) => {
  const it = new FakeMachine();
  t.after(() => it.stop());
  await it.start();
  assert.deepEqual(it.order, ["- idle"]);
  assert.deepEqual(it.manager.settings.properties.value("Services"), []);
  assert.equal((it.manager.settings.properties.value("ServiceCompleteList") as string[]).length, 1);
  assert.equal(it.manager.services.all[0]?.autoConnectRefusal, "no device");
});

test("a USB-like card comes and goes; the last Service stays as the bare generic one", async (t) => {
  const it = new FakeMachine();
  t.after(() => it.stop());
  await it.start();
  const [generic] = it.manager.services.all;
  it.kernel.addHardware({ name: "usb0", mac: mac(7), isPlugged: true });
  it.dhcp.serve("usb0", 20);
  await it.settle();
  assert.equal(it.service("usb0"), generic);
  assert.deepEqual(it.order, ["usb0 ready"]);
  it.kernel.removeHardware("usb0");
  await it.settle();
  assert.deepEqual([it.order, it.manager.devices.length], [["- idle"], 0]);
  assert.equal(generic?.storageId, "ethernet_any");
  it.kernel.addHardware({ name: "usb0", mac: mac(7), isPlugged: true });
  await it.settle();
  assert.deepEqual(it.order, ["usb0 ready"]);
});

test("a person's Disconnect holds until a client connects again, and gives the lease back", async (t) => {
  const it = await machine(t, ["eth0"]);
  const service = it.service("eth0");
  service.disconnect("D-Bus RPC");
  await it.settle();
  assert.deepEqual([service.state, service.autoConnectRefusal], ["idle", "explicitly disconnected"]);
  assert.equal(it.dhcp.session("eth0").end, "released");
  assert.doesNotMatch(it.kernel.toText(), /192\.0\.2\.10/);
  service.connect("a person");
  await it.settle();
  assert.equal(service.state, "ready");
});

test("Connect and Disconnect refuse what makes no sense, by the names of the bus", async (t) => {
  const it = await machine(t, ["eth0"]);
  const service = it.service("eth0");
  assert.throws(() => service.connect("a person"), { code: "AlreadyConnected" });
  service.disconnect("D-Bus RPC");
  assert.throws(() => service.disconnect("D-Bus RPC"), { code: "NotConnected" });
  it.dhcp.servers.clear();
  service.connect("a person");
  assert.throws(() => service.connect("a person"), { code: "InProgress" });
});

test("no DHCP server: dhcp-failed after 30 s, tried again at once, then after the cooldown", async (t) => {
  const it = await machine(t, []);
  it.dhcp.servers.clear();
  it.kernel.plug("eth0");
  await it.settle();
  const service = it.service("eth0");
  assert.equal(service.state, "configuration");
  await it.clock.advanceSettled(30_000);
  assert.deepEqual([service.state, service.connection.previousError], ["configuration", "dhcp-failed"]);
  assert.equal(service.connection.previousErrorSerial, 1);
  assert.equal(it.dhcp.sessions.filter(({ link }) => link.name === "eth0").length, 2);
  assert.deepEqual(service.connection.attempts.misconnects?.texts(it.clock), [localTimeText(it.clock.wallTime())]);
});

test("a server that comes back while the Service waits connects it", async (t) => {
  const it = await machine(t, []);
  it.dhcp.servers.clear();
  it.kernel.plug("eth0");
  await it.clock.advanceSettled(40_000);
  it.dhcp.serve("eth0", 10);
  await it.clock.advanceSettled(90_000);
  assert.equal(it.service("eth0").state, "ready");
});

test("a static address applies at once on a live connection, and goes again", async (t) => {
  const it = await machine(t, ["eth0"]);
  const service = it.service("eth0");
  const variant = (signature: string, value: unknown) => ({ signature, value });
  service.setProperty(
    "StaticIPConfig",
    new Map([
      ["Address", variant("s", "203.0.113.5")],
      ["Prefixlen", variant("i", 24)],
      ["Gateway", variant("s", "203.0.113.1")],
    ]),
  );
  await it.settle();
  assert.match(it.kernel.toText(), /203\.0\.113\.5\/24/);
  assert.doesNotMatch(it.kernel.toText(), /192\.0\.2\.10\/24/);
  assert.equal(service.state, "ready");
  service.setProperty("StaticIPConfig", new Map());
  await it.settle();
  assert.match(it.kernel.toText(), /192\.0\.2\.10\/24/);
});

test("a lease that is lost is replaced by what the server offers next", async (t) => {
  const it = await machine(t, ["eth0"]);
  it.dhcp.servers.set("eth0", { lease: leaseOf(99) });
  it.dhcp.session("eth0").host.lost("nak");
  await it.settle();
  assert.match(it.kernel.toText(), /192\.0\.2\.99\/24/);
  assert.equal(it.service("eth0").state, "ready");
});

test("the history tells what happened and why", async (t) => {
  const it = await machine(t, []);
  it.kernel.plug("eth0");
  await it.settle();
  const kinds = it.manager.feed.history.newest().map(({ kind, because }) => `${kind}: ${because}`);
  assert.ok(kinds.includes("carrier-changed: carrier"));
  assert.ok(kinds.includes("service-state-changed: idle -> configuration: carrier on eth0"));
  assert.ok(kinds.includes("default-service-changed: before the next by IsConnected"));
});

test("a lease that is lost without another one to follow: the Service says that it is not connected", async (t) => {
  const it = await machine(t, ["eth0"]);
  it.announced.length = 0;
  it.dhcp.servers.clear();
  it.dhcp.session("eth0").host.lost("address-conflict");
  await it.settle();
  const service = it.service("eth0");
  assert.equal(service.state, "configuration");
  assert.deepEqual([it.manager.services.defaultService, it.nameServers], [undefined, []]);
  const told = it.announced.filter((line) => line.startsWith(`${service.path} `) && /(State|IsConnected)=/.test(line));
  assert.deepEqual(told, [`${service.path} IsConnected=false`, `${service.path} State=configuration`]);
  it.dhcp.serve("eth0", 20);
  await it.clock.advanceSettled(40_000);
  assert.equal(service.state, "ready");
});

test("a refusal quotes only the beginning of what it refuses, on one line", async (t) => {
  const service = (await machine(t, [])).service("eth0");
  const isShort = ({ message }: Error) => message.length < 200 && !message.includes("\n");
  for (const name of ["CheckPortal", "ONCSource"]) {
    assert.throws(() => service.setProperty(name, `a\n${"x".repeat(100_000)}`), isShort);
  }
});

test("a pulled cable, a disabled Device and a lost card are the reason of what they end, and no failure", async (t) => {
  const it = await machine(t, ["eth0"]);
  it.kernel.unplug("eth0");
  await it.settle();
  const service = it.service("eth0");
  assert.equal(service.connection.reason, "carrier lost");
  it.kernel.plug("eth0");
  await it.settle();
  await it.device("eth0").setEnabled(false, { isPersistent: false });
  assert.equal(service.connection.reason, "device disabled");
  await it.device("eth0").setEnabled(true, { isPersistent: false });
  await it.settle();
  const next = it.service("eth0");
  it.kernel.removeHardware("eth0");
  await it.settle();
  assert.equal(next.connection.reason, "device removed");
  for (const kind of ["Disconnects", "Misconnects"])
    for (const of of [service, next]) assert.deepEqual(of.properties.value(`Diagnostics.${kind}`), [], kind);
});

test("a port that bounces before it connects is tried at once each time, and so is the next cable", async (t) => {
  const it = await machine(t, []);
  it.dhcp.servers.clear();
  for (let bounce = 0; bounce < 5; bounce++) {
    it.kernel.plug("eth0");
    await it.settle();
    assert.equal(it.service("eth0").state, "configuration", `bounce ${bounce}`);
    it.kernel.unplug("eth0");
    await it.settle();
  }
  it.dhcp.serve("eth0", 10);
  it.kernel.plug("eth0");
  await it.settle();
  assert.equal(it.service("eth0").state, "ready");
});

test("why it failed, and when, is known until it is connected, also while it is tried again", async (t) => {
  const it = await machine(t, []);
  it.dhcp.servers.set("eth0", { lease: undefined });
  it.kernel.plug("eth0");
  await it.settle();
  it.dhcp.session("eth0").host.step?.({ kind: "asking", text: "DHCP asks for an address" });
  await it.settle();
  assert.equal(it.service("eth0").network?.progress, "DHCP asks for an address");
  const addressing = it.manager.feed.history.newest().filter(({ kind }) => kind === "addressing");
  assert.deepEqual(
    addressing.map(({ object, because }) => `${object} ${because}`),
    ["/device/eth0 DHCP asks for an address"],
  );
  await it.clock.advanceSettled(30_000);
  const failedAtMs = it.clock.wallTime();
  assert.equal(it.service("eth0").state, "configuration", "it is tried again");
  assert.match(it.service("eth0").connection.attempts.lastFailure?.because ?? "", /^dhcp-failed: /);
  assert.equal(it.service("eth0").connection.attempts.lastFailure?.atMs, failedAtMs);
  it.dhcp.serve("eth0", 10);
  it.kernel.unplug("eth0");
  it.kernel.plug("eth0");
  await it.settle();
  assert.deepEqual(
    [it.service("eth0").state, it.service("eth0").connection.attempts.lastFailure],
    ["ready", undefined],
  );
});
