import assert from "node:assert/strict";
import { test } from "node:test";
import type { ConfiguredInterface } from "../../../../src/services/configured-interface.ts";
import type { FakeMachine } from "../../../fakes/fake-machine.ts";
import { machine } from "../../manager/machine.ts";

const wan = "config interface wan\n option proto dhcp\n option device eth0\n";
const lan = (address = "192.0.2.1/24", more = "") =>
  `config interface lan\n option proto static\n option device eth1\n option ipaddr ${address}\n option gateway 192.0.2.254\n${more}`;

function section(it: FakeMachine, name: string): ConfiguredInterface {
  const found = it.manager.services.all.find(({ configured }) => configured?.sectionName === name)?.configured;
  return found ?? assert.fail(`there is no interface ${name}`);
}
const errors = (it: FakeMachine, name: string): string[] =>
  section(it, name).errors.map(({ subsystem, code, data }) => [subsystem, code, ...data].join(" "));
async function reload(it: FakeMachine, uci: string): Promise<string[]> {
  it.configuration.text = uci;
  const { changes } = it.manager.configuration.reload();
  await it.settle();
  return changes.map(({ name, action }) => `${name} ${action}`);
}
/** States of the interface as clients heard of them. */
function follow(it: FakeMachine, name: string): string[] {
  const heard: string[] = [];
  section(it, name).interfaceProperties.listen((property, _signature, value) => {
    if (property === "State") heard.push(String(value));
  });
  return heard;
}

test("a section takes the link that it names, with its protocol and its name", async (t) => {
  const it = await machine(t, ["eth0", "eth1"], { uci: wan + lan() });
  assert.deepEqual([section(it, "wan").interfaceState, section(it, "lan").interfaceState], ["UP", "UP"]);
  assert.deepEqual(
    it.manager.services.all
      .filter(({ device }) => device)
      .map(({ name }) => name)
      .sort(),
    ["lan", "wan"],
  );
  assert.match(it.kernel.toText(), /192\.0\.2\.1\/24/);
  assert.deepEqual(
    it.dhcp.sessions.map(({ link }) => link.name),
    ["eth0"],
  );
});

test("a route whose gateway is none is told and left out; the interface is up with the others", async (t) => {
  const route = (target: string, gateway: string) =>
    `config route\n option interface lan\n option target ${target}\n option gateway ${gateway}\n`;
  const uci =
    lan() +
    route("198.51.100.0/24", "nowhere") +
    route("198.18.0.0/16", "2001:db8::1") +
    route("203.0.113.0/24", "192.0.2.9") +
    route("198.19.0.0/16", "0.0.0.0");
  const it = await machine(t, ["eth0", "eth1"], { uci: wan + uci });
  assert.equal(section(it, "lan").interfaceState, "UP");
  assert.match(it.kernel.toText(), /203\.0\.113\.0\/24 via 192\.0\.2\.9/);
  assert.match(it.kernel.toText(), /198\.19\.0\.0\/16 dev eth1/);
  assert.doesNotMatch(it.kernel.toText(), /198\.51\.100\.0|198\.18\./);
});

test("of name servers, the ones that are none are left out", async (t) => {
  const odd = " list dns nowhere\n list dns 192.0.2.53\n list dns FE80:0::1%eth1\n";
  const it = await machine(t, ["eth0", "eth1"], { uci: wan + lan("192.0.2.1/24", odd) });
  assert.equal(section(it, "lan").interfaceState, "UP");
  const { effective } = it.service("eth1").network ?? {};
  assert.deepEqual(effective?.nameServers, ["192.0.2.53", "fe80::1%eth1"]);
});

test("a link that no section names has a Service of its own, as ever", async (t) => {
  const it = await machine(t, ["eth0", "eth1"], { uci: lan() });
  assert.equal(it.service("eth0").configured, undefined);
  assert.equal(it.service("eth0").state, "ready");
});

test("a link that is not there is NO_DEVICE, and brings its interface up when it comes", async (t) => {
  const it = await machine(t, [], {
    uci: "config interface late\n option device eth7\n option proto static\n option ipaddr 192.0.2.7/24\n",
  });
  assert.deepEqual(errors(it, "late"), ["interface NO_DEVICE"]);
  assert.equal(section(it, "late").isAvailable, false);
  it.kernel.addHardware({ name: "eth7", mac: "02:00:00:00:00:07" });
  await it.settle();
  assert.deepEqual([section(it, "late").interfaceState, errors(it, "late")], ["UP", []]);
  it.kernel.removeHardware("eth7");
  await it.settle();
  assert.deepEqual([section(it, "late").interfaceState, section(it, "late").isWanted], ["DOWN", true]);
  it.kernel.addHardware({ name: "eth7", mac: "02:00:00:00:00:07" });
  await it.settle();
  assert.equal(section(it, "late").interfaceState, "UP");
});

test("an unknown protocol is down with INVALID_PROTO, never up as none", async (t) => {
  const it = await machine(t, ["eth0"], { uci: "config interface x\n option proto teleport\n option device eth0\n" });
  assert.deepEqual(
    [section(it, "x").interfaceState, errors(it, "x")],
    ["DOWN", ["proto INVALID_PROTO no handler of that name in /handlers"]],
  );
  section(it, "x").up();
  await it.settle();
  assert.equal(section(it, "x").interfaceState, "DOWN");
});

test("several addresses of both families are in place together", async (t) => {
  const more = " list ipaddr 198.51.100.1/24\n list ip6addr 2001:db8::1/64\n option ip6gw 2001:db8::ff\n";
  const it = await machine(t, ["eth1"], { uci: lan("192.0.2.1/24", more) });
  assert.equal(section(it, "lan").interfaceState, "UP");
  for (const address of ["192.0.2.1/24", "198.51.100.1/24", "2001:db8::1/64"]) {
    assert.ok(it.kernel.toText().includes(`address ${address} dev eth1`), address);
  }
  assert.match(it.kernel.toText(), /default via 192\.0\.2\.254 dev eth1/);
  assert.match(it.kernel.toText(), /default via 2001:db8::ff dev eth1/);
  const [first] = (section(it, "lan").status().get("ipv6-address")?.value ?? []) as ReadonlyMap<
    string,
    { value: unknown }
  >[];
  assert.deepEqual([first?.get("address")?.value, first?.get("mask")?.value], ["2001:db8::1", 64]);
  await reload(it, lan("192.0.2.1/24", ""));
  assert.doesNotMatch(it.kernel.toText(), /198\.51\.100\.1|2001:db8::1/);
});

test("of two sections on one link the first that can be set up has it; the other says so, and follows it", async (t) => {
  const wan6 = "config interface wan6\n option proto dhcpv6\n option device eth0\n";
  const third = "config interface third\n option proto dhcp\n option device eth0\n";
  const it = await machine(t, ["eth0"], { uci: wan6 + wan + third });
  assert.deepEqual([section(it, "wan").interfaceState, section(it, "third").interfaceState], ["UP", "DOWN"]);
  assert.deepEqual(errors(it, "third"), ["interface DEVICE_CLAIM_FAILED eth0 is used by wan"]);
  assert.match(it.manager.services.all.find(({ name }) => name === "wan6")?.connection.reason ?? "", /^INVALID_PROTO/);
  await reload(it, wan6 + third);
  assert.equal(section(it, "third").interfaceState, "UP");
});

test("an address or a gateway that is none keeps it down and is told as netifd tells it", async (t) => {
  const it = await machine(t, ["eth1"], { uci: lan("300.1.1.1") });
  assert.deepEqual(
    [section(it, "lan").interfaceState, errors(it, "lan")],
    ["DOWN", ["proto INVALID_ADDRESS 300.1.1.1"]],
  );
  await reload(it, lan().replace("192.0.2.254", "nowhere"));
  assert.deepEqual(errors(it, "lan"), ["proto INVALID_GATEWAY nowhere"]);
  await reload(it, lan());
  assert.equal(section(it, "lan").interfaceState, "UP");
});

test("proto none is up without an address", async (t) => {
  const it = await machine(t, ["eth0"], { uci: "config interface bare\n option device eth0\n" });
  assert.equal(section(it, "bare").interfaceState, "UP");
  assert.deepEqual(
    it.dhcp.sessions.map(({ link }) => link.name),
    [],
  );
});

test("static goes up without carrier; with force_link 0, and dhcp, it waits for it and goes with it", async (t) => {
  const it = await machine(t, [], { uci: wan + lan() });
  assert.deepEqual([section(it, "lan").interfaceState, section(it, "wan").interfaceState], ["UP", "DOWN"]);
  await reload(it, wan + lan("192.0.2.1/24", " option force_link 0\n"));
  assert.equal(section(it, "lan").interfaceState, "UP", "an interface that is up is not taken down by it");
  it.kernel.plug("eth1");
  it.kernel.unplug("eth1");
  await it.settle();
  assert.equal(section(it, "lan").interfaceState, "DOWN");
  it.kernel.plug("eth1");
  await it.settle();
  assert.equal(section(it, "lan").interfaceState, "UP");
});

test("down is meant: neither the link's return nor a login brings it up, up does", async (t) => {
  const it = await machine(t, ["eth0"], { uci: wan });
  section(it, "wan").down();
  await it.settle();
  assert.deepEqual([section(it, "wan").interfaceState, section(it, "wan").isWanted], ["DOWN", false]);
  it.kernel.unplug("eth0");
  it.kernel.plug("eth0");
  for (const service of it.manager.services.all) service.forgive();
  await it.settle();
  assert.equal(section(it, "wan").interfaceState, "DOWN");
  section(it, "wan").up();
  await it.settle();
  assert.equal(section(it, "wan").interfaceState, "UP");
});

test("auto 0 waits for up, and is then wanted", async (t) => {
  const it = await machine(t, ["eth0"], { uci: `${wan} option auto 0\n` });
  assert.equal(section(it, "wan").interfaceState, "DOWN");
  section(it, "wan").up();
  await it.settle();
  assert.equal(section(it, "wan").interfaceState, "UP");
});

test("down and up at once tell one down and one up", async (t) => {
  const it = await machine(t, ["eth1"], { uci: lan() });
  const heard = follow(it, "lan");
  section(it, "lan").down();
  section(it, "lan").up();
  await it.settle();
  assert.deepEqual(
    heard.filter((state) => state === "UP" || state === "DOWN"),
    ["DOWN", "UP"],
  );
});

test("it holds its link by a claim while it is up", async (t) => {
  const it = await machine(t, ["eth1"], { uci: lan() });
  assert.equal(it.device("eth1").claimable.claimCount, 2);
  section(it, "lan").down();
  await it.settle();
  assert.equal(it.device("eth1").claimable.claimCount, 1);
});

test("a changed metric touches nothing: uptime goes on, the order follows", async (t) => {
  const uplinks = (metric: number) => `${wan} option metric ${metric}\n${lan()} option metric 10\n`;
  const it = await machine(t, ["eth0", "eth1"], { uci: uplinks(5) });
  await it.clock.advance(60_000);
  const names = () => it.manager.services.all.slice(0, 2).map(({ name }) => name);
  assert.deepEqual(names(), ["wan", "lan"]);
  const heard = follow(it, "wan");
  assert.deepEqual(await reload(it, uplinks(20)), ["wan change live"]);
  assert.deepEqual([names(), heard, section(it, "wan").uptimeSeconds >= 60], [["lan", "wan"], [], true]);
});

test("a changed address makes exactly one down and one up of that interface, and nothing of others", async (t) => {
  const it = await machine(t, ["eth0", "eth1"], { uci: wan + lan() });
  const [heard, others] = [follow(it, "lan"), follow(it, "wan")];
  assert.deepEqual(await reload(it, wan + lan("192.0.2.9/24")), ["lan rebuild"]);
  assert.deepEqual([heard, others], [["DOWN", "SETUP", "UP"], []]);
  assert.match(it.kernel.toText(), /192\.0\.2\.9\/24/);
  assert.doesNotMatch(it.kernel.toText(), /192\.0\.2\.1\/24/);
});

test("changed name servers reach the resolver without a down", async (t) => {
  const it = await machine(t, ["eth1"], { uci: lan("192.0.2.1/24", " list dns 192.0.2.53\n") });
  assert.deepEqual(it.nameServers, ["192.0.2.53"]);
  const heard = follow(it, "lan");
  await reload(it, lan("192.0.2.1/24", " list dns 192.0.2.54\n"));
  assert.deepEqual([it.nameServers, heard], [["192.0.2.54"], []]);
});

test("a section that goes takes its interface along and gives the link back; put back it comes up", async (t) => {
  const it = await machine(t, ["eth0", "eth1"], { uci: wan + lan() });
  assert.deepEqual(await reload(it, wan), ["lan remove"]);
  assert.equal(it.service("eth1").configured, undefined);
  assert.equal(it.service("eth1").state, "ready");
  assert.doesNotMatch(it.kernel.toText(), /192\.0\.2\.1\/24/);
  await reload(it, wan + lan());
  assert.equal(section(it, "lan").interfaceState, "UP");
});

test("a text with an error of syntax is refused with its place, and nothing changes", async (t) => {
  const it = await machine(t, ["eth1"], { uci: lan() });
  it.configuration.text = `${lan("192.0.2.9/24")}config\n`;
  assert.throws(() => it.manager.configuration.reload(), /network:6:1: config needs a type/);
  assert.equal(section(it, "lan").interfaceState, "UP");
  assert.match(it.kernel.toText(), /192\.0\.2\.1\/24/);
});

test("a preview says the same as the reload after it, and does nothing", async (t) => {
  const it = await machine(t, ["eth1"], { uci: lan() });
  it.configuration.text = lan("192.0.2.9/24");
  const previewed = it.manager.configuration.preview();
  await it.settle();
  assert.match(it.kernel.toText(), /192\.0\.2\.1\/24/);
  assert.deepEqual(it.manager.configuration.reload(), previewed);
});

test("routes come with their interface, change without a down, and go with it", async (t) => {
  const route = (target: string) =>
    `config route\n option interface lan\n option target ${target}\n option gateway 192.0.2.9\n`;
  const it = await machine(t, ["eth1"], { uci: lan() + route("198.51.100.0/24") });
  assert.match(it.kernel.toText(), /198\.51\.100\.0\/24 via 192\.0\.2\.9/);
  const heard = follow(it, "lan");
  await reload(it, lan() + route("203.0.113.0/24"));
  assert.match(it.kernel.toText(), /203\.0\.113\.0\/24 via 192\.0\.2\.9/);
  assert.doesNotMatch(it.kernel.toText(), /198\.51\.100\.0/);
  assert.deepEqual(heard, []);
});

test("an imported text is kept for the next start", async (t) => {
  const it = await machine(t, ["eth1"]);
  it.manager.configuration.import(lan());
  await it.settle();
  assert.equal(section(it, "lan").interfaceState, "UP");
  assert.equal(it.configuration.text, lan());
  assert.throws(() => it.manager.configuration.import("config\n"), /1:1: config needs a type/);
  assert.equal(it.configuration.text, lan());
});
