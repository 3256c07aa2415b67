import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeMachine } from "../../../fakes/fake-machine.ts";
import { mac, machine } from "../../manager/machine.ts";

const bridge = (ports: readonly string[], more = "") =>
  `config device\n option name br-lan\n option type bridge\n${ports.map((port) => ` list ports ${port}\n`).join("")}${more}`;
const lan = (device = "br-lan") =>
  `config interface lan\n option proto static\n option device ${device}\n option ipaddr 198.51.100.1/24\n`;

const stateOf = (it: FakeMachine, name = "lan") =>
  it.manager.services.all.find(({ configured }) => configured?.sectionName === name)?.configured?.interfaceState;
const linkLines = (it: FakeMachine): string[] =>
  it.kernel
    .toText()
    .split("\n")
    .filter((line) => line.startsWith("link ") && !line.startsWith("link lo"))
    .map((line) => line.replace(/ mtu \d+ mac \S+/, "").replace(/^link /, ""))
    .sort();
const claims = (it: FakeMachine): string[] =>
  [...it.manager.deviceRegistry.claims.dump()].map(
    ({ name, claims: count, users }) => `${name} ${count}: ${users.join(", ")}`,
  );
async function reload(it: FakeMachine, uci: string): Promise<void> {
  it.configuration.text = uci;
  it.manager.configuration.reload();
  await it.settle();
}

test("a bridge is made of its ports, with the address of the first, and its interface comes up on it", async (t) => {
  const it = await machine(t, ["eth0", "eth1"], { uci: bridge(["eth0", "eth1"]) + lan() });
  assert.deepEqual(linkLines(it), [
    "br-lan up carrier kind bridge",
    "eth0 up carrier master br-lan",
    "eth1 up carrier master br-lan",
  ]);
  const { mac: own, alias } = it.kernel.snapshot.linkByName("br-lan") ?? assert.fail();
  assert.deepEqual([own, alias], [mac(1), "fairlead: bridge"]);
  assert.equal(stateOf(it), "UP");
  assert.match(it.kernel.toText(), /address 198\.51\.100\.1\/24 dev br-lan/);
});

test("claims nest: the interface holds the VLAN, the VLAN the bridge, the bridge its ports", async (t) => {
  const it = await machine(t, ["eth0"], { uci: bridge(["eth0"]) + lan("br-lan.10") });
  assert.deepEqual(
    claims(it)
      .filter((line) => /^(eth0|br-lan)/.test(line))
      .sort(),
    [
      "br-lan 2: bridge br-lan, 8021q br-lan.10, br-lan",
      "br-lan.10 2: 8021q br-lan.10, br-lan.10, lan",
      "eth0 2: bridge br-lan, eth0",
    ],
  );
  assert.equal(stateOf(it), "UP");
});

test("no link of it has a Service of its own", async (t) => {
  const it = await machine(t, ["eth0"], { uci: bridge(["eth0"]) + lan("br-lan.10") });
  const ofDevices = it.manager.services.all.map(({ name, device }) => `${name} ${device?.linkName}`);
  assert.deepEqual(ofDevices.sort(), ["Ethernet eth1", "lan br-lan.10"]);
});

test("all of it goes with the last port, and comes back with it", async (t) => {
  const it = await machine(t, ["eth0"], { uci: bridge(["eth0"]) + lan("br-lan.10") });
  it.kernel.removeHardware("eth0");
  await it.settle();
  assert.deepEqual([linkLines(it), stateOf(it)], [["eth1 up"], "DOWN"]);
  it.kernel.addHardware({ name: "eth0", mac: mac(1), isPlugged: true });
  await it.settle();
  assert.equal(stateOf(it), "UP");
  assert.match(it.kernel.toText(), /address 198\.51\.100\.1\/24 dev br-lan\.10/);
});

test("one port of two may go and come: the interface stays up", async (t) => {
  const it = await machine(t, ["eth0", "eth1"], { uci: bridge(["eth0", "eth1"]) + lan() });
  it.kernel.removeHardware("eth1");
  await it.settle();
  assert.equal(stateOf(it), "UP");
  it.kernel.addHardware({ name: "eth1", mac: mac(2), isPlugged: true });
  await it.settle();
  assert.ok(linkLines(it).includes("eth1 up carrier master br-lan"));
});

test("a port that is absent is joined when it comes", async (t) => {
  const it = await machine(t, ["eth0"], { uci: bridge(["eth0", "eth7"]) + lan() });
  it.kernel.addHardware({ name: "eth7", mac: mac(7), isPlugged: true });
  await it.settle();
  assert.ok(linkLines(it).includes("eth7 up carrier master br-lan"));
});

test("bridge_empty makes a bridge without ports", async (t) => {
  const it = await machine(t, [], { uci: bridge([], " option bridge_empty 1\n") + lan() });
  assert.equal(stateOf(it), "UP");
});

test("a changed port list moves these ports alone: no down, and the free one has its own Service again", async (t) => {
  const it = await machine(t, ["eth0", "eth1"], { uci: bridge(["eth0", "eth1"]) + lan() });
  const service = it.manager.services.all.find(({ configured }) => configured);
  const states: string[] = [];
  const { configured } = service ?? assert.fail();
  configured?.interfaceProperties.listen((name, _s, value) => name === "State" && states.push(String(value)));
  await reload(it, bridge(["eth0"]) + lan());
  assert.ok(linkLines(it).includes("eth1 up carrier"));
  assert.deepEqual([it.service("eth1").state, states], ["ready", []]);
  await reload(it, bridge(["eth0", "eth1"]) + lan());
  assert.ok(linkLines(it).includes("eth1 up carrier master br-lan"));
  assert.deepEqual(states, []);
});

test("a changed MTU makes the bridge anew, and its interface with it", async (t) => {
  const it = await machine(t, ["eth0"], { uci: bridge(["eth0"]) + lan() });
  await reload(it, bridge(["eth0"], " option mtu 1400\n") + lan());
  assert.equal(it.kernel.snapshot.linkByName("br-lan")?.mtu, 1400);
  assert.equal(stateOf(it), "UP");
});

test("a section that goes takes its link along; the ports are free", async (t) => {
  const it = await machine(t, ["eth0"], { uci: bridge(["eth0"]) + lan("br-lan.10") });
  await reload(it, "");
  assert.deepEqual(linkLines(it), ["eth0 up carrier", "eth1 up"]);
  assert.equal(it.service("eth0").state, "ready");
  assert.deepEqual(
    claims(it).filter((line) => line.includes("br-lan")),
    [],
  );
});

const vlan = (base: string, id: number) =>
  `config device\n option name ${base}.${id}\n option type 8021q\n option ifname ${base}\n option vid ${id}\n`;
for (const [what, before, after, free] of [
  ["a bridge that goes, before its port is free", bridge(["eth0"]) + lan(), "", ["eth0"]],
  ["a VLAN that goes with its bridge", bridge(["eth0"]) + lan("br-lan.10"), "", ["eth0"]],
  ["a VLAN that goes", vlan("eth0", 5) + lan("eth0.5"), "", ["eth0"]],
  ["a VLAN that no interface was on", vlan("eth0", 5), "", ["eth0"]],
  ["a bridge that gives way to another", bridge(["eth0"]) + lan(), vlan("eth0", 5) + lan("eth0.5"), []],
] as const) {
  test(`no question leaves by ${what}`, async (t) => {
    const it = await machine(t, ["eth0", "eth1"], { uci: before });
    const asked = it.dhcp.sessions.length;
    await reload(it, after);
    assert.deepEqual(
      it.dhcp.sessions.slice(asked).map(({ link }) => link.name),
      free,
    );
  });
}

test("a link that was to go and is named again is used again", async (t) => {
  const it = await machine(t, ["eth0"], { uci: bridge(["eth0"]) + lan() });
  it.configuration.text = "";
  it.manager.configuration.reload();
  await reload(it, bridge(["eth0"]) + lan());
  assert.equal(stateOf(it), "UP");
});

test("a bridge becomes a VLAN of the same name", async (t) => {
  const vlan = "config device\n option name br-lan\n option type 8021q\n option ifname eth0\n option vid 5\n";
  const it = await machine(t, ["eth0"], { uci: bridge(["eth0"]) + lan() });
  await reload(it, vlan + lan());
  assert.equal(it.kernel.snapshot.linkByName("br-lan")?.kind, "vlan");
  assert.equal(stateOf(it), "UP");
});

test("a restart finds its links by their mark, makes none anew, and removes those that no section names", async (t) => {
  const first = await machine(t, ["eth0"], { uci: bridge(["eth0"]) + lan("br-lan.10") });
  const indexes = () => ["br-lan", "br-lan.10"].map((name) => first.kernel.snapshot.linkByName(name)?.index);
  const before = indexes();
  first.stop();
  const { kernel, storage, clock, dhcp } = first;
  kernel.restart();
  const second = await new FakeMachine({
    kernel,
    storage,
    clock,
    dhcp,
    uci: bridge(["eth0"]) + lan("br-lan.10"),
  }).start();
  assert.deepEqual([indexes(), stateOf(second)], [before, "UP"]);
  second.stop();
  kernel.restart();
  const third = await new FakeMachine({ kernel, storage, clock, dhcp, uci: bridge(["eth0"]) }).start();
  t.after(() => third.stop());
  assert.deepEqual(indexes(), [before[0], undefined]);
});

test("a port that left the configuration while the daemon was down leaves the bridge; a container's end stays", async (t) => {
  const it = await machine(t, ["eth0", "eth1"], { uci: bridge(["eth0", "eth1"]) + lan() });
  const { kernel } = it;
  const index = kernel.snapshot.linkByName("br-lan")?.index ?? 0;
  kernel.addHardware({ name: "vnet0", mac: mac(9), isPlugged: true, kind: "tun" });
  const tap = kernel.snapshot.linkByName("vnet0")?.index ?? 0;
  kernel.outside({ op: "set-link", link: tap, change: { master: index } });
  await it.settle();
  it.stop();
  kernel.restart();
  const { storage, clock, dhcp } = it;
  const again = await new FakeMachine({ kernel, storage, clock, dhcp, uci: bridge(["eth0"]) + lan() }).start();
  t.after(() => again.stop());
  const portsOf = () =>
    [...kernel.snapshot.links.values()].filter(({ master }) => master === index).map(({ name }) => name);
  assert.deepEqual(portsOf().sort(), ["eth0", "vnet0"]);
  assert.equal(kernel.snapshot.linkByName("br-lan")?.index, index);
  assert.equal(again.service("eth1").configured, undefined);
  // A port that joins while the daemon runs is another program's wish.
  const other = kernel.snapshot.linkByName("eth1")?.index ?? 0;
  kernel.outside({ op: "set-link", link: other, change: { master: index } });
  await again.settle();
  assert.deepEqual(portsOf().sort(), ["eth0", "eth1", "vnet0"]);
});

test("a bridge that another program made is used, and left when the section goes; a link of another kind is not", async (t) => {
  const it = await machine(t, ["eth0", "eth1"]);
  it.kernel.outside({ op: "add-link", link: { kind: "bridge", name: "br-lan" } });
  await reload(it, bridge(["eth0"]) + lan());
  assert.equal(stateOf(it), "UP");
  await reload(it, "");
  assert.notEqual(it.kernel.snapshot.linkByName("br-lan"), undefined);
  await reload(it, "config device\n option name eth1\n option type bridge\n list ports eth0\n");
  assert.equal(it.kernel.snapshot.linkByName("eth1")?.kind, undefined);
  assert.equal(it.kernel.snapshot.linkByName("eth0")?.master, undefined);
});

test("a request that the kernel refuses is made again", async (t) => {
  const it = await machine(t, ["eth0"]);
  it.kernel.refuseNext("add-link", "ENOMEM");
  await reload(it, bridge(["eth0"]) + lan());
  assert.equal(stateOf(it), "DOWN");
  await it.clock.advance(1_000);
  await it.settle();
  assert.equal(stateOf(it), "UP");
});

test("a port that a person disables goes down although the bridge holds it, and is held again once it is enabled", async (t) => {
  const it = await machine(t, ["eth0", "eth1"], { uci: bridge(["eth0", "eth1"]) + lan() });
  const port = it.device("eth0");
  await port.setEnabled(false, { isPersistent: false, isExplicit: true });
  await it.settle();
  assert.equal(it.kernel.snapshot.linkByName("eth0")?.isUp, false);
  assert.ok(claims(it).includes("eth0 0: bridge br-lan, eth0"), claims(it).join());
  assert.deepEqual([it.kernel.snapshot.linkByName("eth1")?.isUp, stateOf(it)], [true, "UP"]);
  await port.setEnabled(true, { isPersistent: false, isExplicit: true });
  await it.settle();
  assert.equal(it.kernel.snapshot.linkByName("eth0")?.isUp, true);
  assert.ok(claims(it).includes("eth0 2: bridge br-lan, eth0"), claims(it).join());
});

test("a port of a prohibited technology is not set up for the bridge", async (t) => {
  const it = await machine(t, ["eth0"], { uci: bridge(["eth0"]) + lan() });
  it.manager.settings.setProperty("ProhibitedTechnologies", "ethernet");
  await it.settle();
  assert.equal(it.kernel.snapshot.linkByName("eth0")?.isUp, false);
});
