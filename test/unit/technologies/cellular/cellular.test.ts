import assert from "node:assert/strict";
import { test } from "node:test";
import type { WireVariant } from "../../../../src/base/property.ts";
import { cellular } from "../../../../src/technologies/cellular/module.ts";
import { FakeMachine, type FakeMachineOptions } from "../../../fakes/fake-machine.ts";
import type { FakeModemSpec } from "../../../fakes/fake-modem-manager.ts";

const link = "pseudomodem0";
const imei = "350000000000001";
const iccid = "8900100000000000001";
const spec: FakeModemSpec = { imei, link, iccid, apn: "internet.test", addressing: "static" };
const withApn = { apn: spec.apn };

/** A modem with its link, and a SIM that a person told the access point of. */
async function machine(
  t: { after(done: () => void): void },
  more: Partial<FakeModemSpec> = {},
  apn: Readonly<Record<string, string>> = withApn,
  options: FakeMachineOptions = {},
) {
  const it = new FakeMachine({ modules: [cellular], ...options });
  t.after(() => it.stop());
  it.kernel.addHardware({ name: link, mac: "02:00:00:00:00:01" });
  it.kernel.plug(link);
  it.modems.plug({ ...spec, ...more });
  await it.start();
  await it.settle();
  const service = () => {
    const [found] = it.manager.services.all;
    assert.ok(found, "there is no Service");
    return found;
  };
  if (Object.keys(apn).length > 0) service().setProperty("Cellular.APN", new Map(Object.entries(apn)));
  return { it, service };
}
const addressesOf = (it: FakeMachine): readonly string[] =>
  it.kernel.snapshot
    .addresses(it.device(link).link.index)
    .filter(({ family }) => family === 4)
    .map(({ address, prefixLength }) => `${address}/${prefixLength}`);

test("a SIM is a Service by its number: enabled, its modem registers and says operator and signal", async (t) => {
  const { it, service } = await machine(t);
  const { properties, storageId } = service();
  assert.equal(storageId, `cellular_${iccid}`);
  const names = ["Name", "Strength", "Visible", "Connectable", "Metered", "Cellular.NetworkTechnology"];
  assert.deepEqual(
    names.map((name) => properties.value(name)),
    ["Test Network", 60, true, true, true, "LTE"],
  );
  assert.deepEqual(
    properties.value("Cellular.ServingOperator"),
    new Map([
      ["code", "00101"],
      ["name", "Test Network"],
    ]),
  );
  assert.equal(properties.value("Cellular.RoamingState"), "home");
  assert.equal(service().connection.reason, "registered with Test Network");
  const device = it.device(link);
  assert.equal(device.technology, "cellular");
  assert.equal(device.properties.value("Cellular.IMEI"), imei);
  assert.equal(device.notReadyBecause, undefined);
});

test("connected, the bearer's addresses, router, name servers and MTU are in force", async (t) => {
  const { it, service } = await machine(t);
  service().connect("test");
  assert.equal(service().state, "association");
  await it.settle();
  assert.equal(service().state, "ready");
  assert.deepEqual(addressesOf(it), ["10.64.0.2/30"]);
  const routes = it.kernel.snapshot.routes({ link: it.device(link).link.index });
  assert.ok(routes.some(({ destination, gateway }) => destination === "0.0.0.0/0" && gateway === "10.64.0.1"));
  assert.deepEqual(it.nameServers, ["10.64.0.1"]);
  assert.equal(service().properties.value("Cellular.LastGoodAPN") instanceof Map, true);
  assert.deepEqual(it.modems.asked, [{ apn: "internet.test" }]);
});

test("a bearer without addresses gets them by DHCP; one that wants PPP is refused with that reason", async (t) => {
  const { it, service } = await machine(t, { addressing: "dhcp" });
  it.dhcp.serve(link, 10);
  service().connect("test");
  await it.settle();
  assert.equal(service().state, "ready");
  const ppp = await machine(t, { addressing: "ppp" });
  ppp.service().connect("test");
  await ppp.it.settle();
  assert.deepEqual([ppp.service().state, ppp.service().connection.error], ["failure", "connect-failed"]);
  assert.match(ppp.service().connection.errorDetails, /PPP/);
  assert.equal(ppp.it.modems.all[0]?.state, "registered");
});

test("disconnecting takes address and bearer away, and it stays so until a client connects again", async (t) => {
  const { it, service } = await machine(t);
  service().connect("test");
  await it.settle();
  service().disconnect("D-Bus RPC");
  await it.settle();
  assert.deepEqual([service().state, it.modems.all[0]?.state, addressesOf(it)], ["idle", "registered", []]);
  assert.equal(service().autoConnectRefusal, "explicitly disconnected");
});

test("an order to disconnect that overtakes the connection leaves no bearer behind", async (t) => {
  const { it, service } = await machine(t);
  service().connect("test");
  service().disconnect("D-Bus RPC");
  await it.settle();
  assert.deepEqual([service().state, it.modems.all[0]?.state, addressesOf(it)], ["idle", "registered", []]);
});

test("a refusal of the network is told in shill's words", async (t) => {
  const { it, service } = await machine(t, { user: "somebody", password: "right" }, { apn: "wrong.test" });
  service().connect("test");
  await it.settle();
  assert.deepEqual([service().state, service().connection.error], ["failure", "invalid-apn"]);
  service().setProperty(
    "Cellular.APN",
    new Map([
      ["apn", spec.apn],
      ["username", "somebody"],
      ["password", "wrong"],
    ]),
  );
  service().connect("test");
  await it.settle();
  assert.deepEqual([service().state, service().connection.error], ["failure", "not-authenticated"]);
  assert.doesNotMatch(service().connection.errorDetails, /somebody|wrong/);
});

test("a locked SIM fails as sim-locked, and says so before any attempt", async (t) => {
  const { it, service } = await machine(t, { pin: "1234" });
  assert.equal(service().connection.reason, "the SIM is locked and wants its PIN (3 tries left)");
  assert.equal(it.device(link).notReadyBecause, "the SIM is locked and wants its PIN (3 tries left)");
  const status = it.device(link).properties.value("Cellular.SIMLockStatus") as ReadonlyMap<string, WireVariant>;
  assert.deepEqual([status.get("LockType")?.value, status.get("RetriesLeft")?.value], ["sim-pin", 3]);
  service().autoConnect = true;
  assert.equal(service().autoConnectRefusal, "SIM is locked");
  service().connect("test");
  assert.deepEqual([service().state, service().connection.error], ["failure", "sim-locked"]);
  const [modem] = it.modems.all;
  await it.modems.sendPin(modem?.id ?? "", "1234");
  await it.settle();
  assert.equal(service().state, "ready");
});

test("out of reach it is not registered; back in reach, one that connects by itself is connected", async (t) => {
  const { it, service } = await machine(t, { isOutOfReach: true });
  assert.equal(service().connection.reason, "the modem looks for a network");
  service().connect("test");
  await it.settle();
  assert.deepEqual([service().state, service().connection.error], ["failure", "not-registered"]);
  service().autoConnect = true;
  assert.equal(service().autoConnectRefusal, "not registered");
  it.modems.setReach(imei, true);
  await it.settle();
  assert.equal(service().state, "ready");
  it.modems.setReach(imei, false);
  await it.settle();
  assert.deepEqual([service().state, service().connection.error, addressesOf(it)], ["failure", "not-registered", []]);
  it.modems.setReach(imei, true);
  await it.settle();
  assert.equal(service().state, "ready");
});

test("a connection that the network ends is made again, after a pause that grows", async (t) => {
  const { it, service } = await machine(t);
  service().connect("test");
  await it.settle();
  it.modems.cutOff(imei);
  await it.settle();
  assert.equal(service().state, "ready");
  assert.equal(service().connection.previousError, "disconnect-failure");
  assert.equal(it.modems.asked.length, 2);
});

test("unplugged and back under another path, the same Service is connected again by itself", async (t) => {
  const { it, service } = await machine(t);
  service().connect("test");
  await it.settle();
  const { path } = service();
  it.modems.unplug(imei);
  it.kernel.removeHardware(link);
  await it.settle();
  assert.deepEqual([service().state, service().isVisible, service().devicePath], ["idle", false, undefined]);
  assert.equal(service().autoConnectRefusal, "not connectable");
  assert.equal(service().connection.reason, "the modem was unplugged");
  assert.equal(it.manager.devices.length, 0);
  it.kernel.addHardware({ name: link, mac: "02:00:00:00:00:01" });
  it.kernel.plug(link);
  it.modems.plug(spec);
  await it.settle();
  assert.deepEqual([service().path, service().state], [path, "ready"]);
  assert.deepEqual(addressesOf(it), ["10.64.0.2/30"]);
});

test("ModemManager that is killed takes the connection with it; started again, the connection is back", async (t) => {
  const { it, service } = await machine(t);
  service().connect("test");
  await it.settle();
  it.modems.kill();
  await it.settle();
  assert.deepEqual([service().state, addressesOf(it)], ["idle", []]);
  assert.equal(it.device(link).notReadyBecause, "ModemManager knows no modem with this link");
  it.modems.start();
  await it.settle();
  assert.equal(service().state, "ready");
});

test("another SIM in the modem is another Service; the former is disconnected, and waits with its settings", async (t) => {
  const { it, service } = await machine(t);
  const former = service();
  former.connect("test");
  await it.settle();
  it.modems.setSim(imei, "8900100000000000002");
  await it.settle();
  assert.deepEqual(
    [former.state, former.isVisible, former.connection.reason],
    ["idle", false, "another SIM is in its modem"],
  );
  assert.deepEqual(addressesOf(it), []);
  const other = it.manager.services.all.find((candidate) => candidate !== former);
  assert.equal(other?.storageId, "cellular_8900100000000000002");
  assert.deepEqual(other?.properties.value("Cellular.APN"), new Map());
  it.modems.setSim(imei, iccid);
  await it.settle();
  assert.equal(former.state, "ready");
});

test("a link without a hardware address is a modem's Device all the same, and remembered by its name", async (t) => {
  const it = new FakeMachine({ modules: [cellular] });
  t.after(() => it.stop());
  it.kernel.addHardware({ name: link, hardwareType: 65534, isPlugged: true });
  it.modems.plug(spec);
  await it.start();
  await it.settle();
  const device = it.device(link);
  assert.deepEqual([device.mac, device.storageId], ["", `device__${link}`]);
  const [service] = it.manager.services.all;
  service?.setProperty("Cellular.APN", new Map(Object.entries(withApn)));
  service?.connect("test");
  await it.settle();
  assert.equal(service?.state, "ready");
});

test("a modem without a link that is a Device shows its SIM, and why it cannot be used", async (t) => {
  const it = new FakeMachine({ modules: [cellular] });
  t.after(() => it.stop());
  const { link: _, ...serial } = spec;
  it.modems.plug(serial);
  await it.start();
  await it.settle();
  const [service] = it.manager.services.all;
  assert.deepEqual([service?.isVisible, service?.isConnectable], [true, false]);
  assert.equal(service?.connection.reason, "the modem on cdc-wdm0 has no network link");
  it.modems.unplug(imei);
  it.modems.plug(spec);
  await it.modems.enable(it.modems.all[0]?.id ?? "", true);
  await it.settle();
  const [other] = it.manager.services.all;
  assert.equal(other?.connection.reason, `the modem's link ${link} is not there, disabled, or not taken for cellular`);
  it.kernel.addHardware({ name: link, mac: "02:00:00:00:00:01" });
  it.kernel.plug(link);
  await it.settle();
  assert.equal(other?.connection.reason, "registered with Test Network");
  assert.equal(other?.isConnectable, true);
});

test("a SIM without a stored entry is not shown once it is gone; a stored one is, also after a restart", async (t) => {
  const { it } = await machine(t, {}, {});
  it.modems.unplug(imei);
  await it.settle();
  assert.deepEqual(it.manager.services.all, []);
  const stored = await machine(t);
  stored.service().connect("test");
  await stored.it.settle();
  stored.it.stop();
  const next = await new FakeMachine({ modules: [cellular], storage: stored.it.storage }).start();
  t.after(() => next.stop());
  const [service] = next.manager.services.all;
  assert.deepEqual([service?.storageId, service?.isVisible], [`cellular_${iccid}`, false]);
  assert.deepEqual(service?.properties.value("Cellular.APN"), new Map([["apn", "internet.test"]]));
});

test("a Device that is disabled switches the modem off, and on again when it is enabled", async (t) => {
  const { it, service } = await machine(t);
  service().connect("test");
  await it.settle();
  await it.device(link).setEnabled(false, { isPersistent: true });
  await it.settle();
  assert.deepEqual([service().state, it.modems.all[0]?.state], ["idle", "disabled"]);
  assert.equal(service().connection.reason, "the modem is switched off");
  await it.device(link).setEnabled(true, { isPersistent: true });
  await it.settle();
  assert.equal(service().state, "ready");
});

test("the password of an access point is kept, stored and used, and never told", async (t) => {
  const secret = "do not tell";
  const apn = { apn: spec.apn, username: "somebody", password: secret };
  const { it, service } = await machine(t, { user: "somebody", password: secret }, apn);
  const readable = new Map([
    ["apn", spec.apn],
    ["username", "somebody"],
  ]);
  assert.deepEqual(service().properties.value("Cellular.APN"), readable);
  // As a client writes back the value that it has read.
  service().setProperty("Cellular.APN", readable);
  service().connect("test");
  await it.settle();
  assert.equal(service().state, "ready");
  assert.equal(it.modems.asked[0]?.password, secret);
  assert.equal(service().holdsSecret, true);
  assert.doesNotMatch(it.announced.join("\n"), /do not tell/);
  assert.match(service().properties.rows().get("Cellular.APN") ?? "", /do not tell/);
  service().setProperty("Cellular.APN", new Map([["apn", "other.test"]]));
  assert.doesNotMatch(service().properties.rows().get("Cellular.APN") ?? "", /do not tell/);
});

test("access points that no network can have are refused", async (t) => {
  const { service } = await machine(t);
  const refused = (entries: Readonly<Record<string, string>>, code: string) =>
    assert.throws(() => service().setProperty("Cellular.APN", new Map(Object.entries(entries))), { code });
  for (const apn of ["a b", "-x", "x".repeat(101), 'x"\r\nAT', "ü"])
    refused({ apn }, apn.includes("\r") ? "InvalidArguments" : "InvalidApn");
  refused({ apn: "x", ip_type: "ipx" }, "InvalidArguments");
  refused({ apn: "x", password: "x".repeat(256) }, "InvalidArguments");
  refused(Object.fromEntries(Array.from({ length: 33 }, (_, at) => [`k${at}`, ""])), "InvalidArguments");
  assert.deepEqual(service().properties.value("Cellular.APN"), new Map([["apn", "internet.test"]]));
});

test("a SIM can be configured before it is there, by its number", async (t) => {
  const it = await new FakeMachine({ modules: [cellular] }).start();
  t.after(() => it.stop());
  const text = (value: string): WireVariant => ({ signature: "s", value });
  const provider = it.manager.serviceRegistry.providerOf("cellular");
  const service = provider?.getService(new Map([["Cellular.ICCID", text(iccid)]]));
  assert.equal(service?.storageId, `cellular_${iccid}`);
  for (const number of ["", "../x", "8".repeat(23)]) {
    assert.throws(() => provider?.getService(new Map([["Cellular.ICCID", text(number)]])), {
      code: "InvalidArguments",
    });
  }
});
