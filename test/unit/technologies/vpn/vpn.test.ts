import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { toJson, type WireVariant } from "../../../../src/base/property.ts";
import { bestServices } from "../../../../src/manager/auto-connector.ts";
import { setTechnologyEnabled } from "../../../../src/manager/technology-control.ts";
import type { ProfileStorage } from "../../../../src/profiles/store.ts";
import type { Service } from "../../../../src/services/service.ts";
import { vpn } from "../../../../src/technologies/vpn/module.ts";
import { cables, FakeMachine, type FakeMachineOptions } from "../../../fakes/fake-machine.ts";
import { machine } from "../../manager/machine.ts";

const key = (letter: string): string => `${letter.repeat(42)}A=`;
const server = "198.51.100.7";
const modules = [cables, vpn];

const peerOf = (part: Readonly<Record<string, string>> = {}) =>
  new Map(
    Object.entries({
      PublicKey: key("b"),
      PresharedKey: key("p"),
      AllowedIPs: "0.0.0.0/0",
      Endpoint: `${server}:51820`,
      ...part,
    }),
  );

function settings(peer = peerOf(), more: Readonly<Record<string, WireVariant>> = {}): Map<string, WireVariant> {
  const text = (value: string) => ({ signature: "s", value });
  return new Map<string, WireVariant>(
    Object.entries({
      Type: text("vpn"),
      "Provider.Type": text("wireguard"),
      "Provider.Host": text("vpn.example"),
      Name: text("work"),
      "WireGuard.PrivateKey": text(key("a")),
      "WireGuard.IPAddress": { signature: "as", value: ["10.64.0.2/24"] },
      "WireGuard.Peers": { signature: "aa{ss}", value: [peer] },
      ...more,
    }),
  );
}
const dns = (...servers: string[]) => ({
  StaticIPConfig: { signature: "a{sv}", value: new Map([["NameServers", { signature: "as", value: servers }]]) },
});

const start = (t: TestContext, options: Partial<FakeMachineOptions> = {}) =>
  machine(t, ["eth0", "eth1"], { modules, ...options });
/** The daemon on the machine that an earlier one has left. */
async function restart(t: TestContext, { kernel, wireguard, clock }: FakeMachine, storage?: ProfileStorage) {
  const it = new FakeMachine({ modules, kernel, wireguard, clock, ...(storage && { storage }) });
  for (const [at, name] of ["eth0", "eth1"].entries()) it.dhcp.serve(name, 10 + at);
  kernel.restart();
  t.after(() => it.stop());
  return it.start();
}
const configure = (it: FakeMachine, ...of: Parameters<typeof settings>): Service =>
  it.manager.configurator.configure(settings(...of));
const answers = (it: FakeMachine, address = server): void =>
  void it.wireguard.answering.set(address, () => it.clock.wallTime());
async function connected(it: FakeMachine, ...of: Parameters<typeof settings>): Promise<Service> {
  answers(it);
  const service = configure(it, ...of);
  service.connect("a test");
  await it.clock.advanceSettled(200);
  assert.equal(service.state, "online", service.connection.reason);
  return service;
}
const routesTo = (it: FakeMachine, destination: string): string[] =>
  it.kernel.snapshot
    .routes({ table: 254 })
    .filter((route) => route.destination === destination && route.type === "unicast")
    .sort((a, b) => a.metric - b.metric)
    .map(({ link }) => it.kernel.snapshot.links.get(link ?? 0)?.name ?? "-");
const tunnels = (it: FakeMachine): string[] =>
  [...it.kernel.snapshot.links.values()].filter(({ kind }) => kind === "wireguard").map(({ name }) => name);

test("a tunnel comes up, is the first Service, and its server is reached through the network below", async (t) => {
  const it = await start(t);
  const before = it.kernel.toText();
  const service = await connected(it, peerOf(), dns("10.64.0.1"));
  assert.equal(it.manager.services.all[0], service);
  assert.equal(it.manager.services.defaultService, service);
  assert.equal(service.connection.reason, "a peer has answered");
  assert.deepEqual(routesTo(it, "0.0.0.0/0"), ["wg0", "eth0", "eth1"]);
  assert.deepEqual(routesTo(it, `${server}/32`), ["eth0"]);
  assert.deepEqual(it.nameServers, ["10.64.0.1"]);
  assert.equal(it.kernel.snapshot.linkByName("wg0")?.alias, "fairlead vpn_vpn.example_work");
  const [configured] = it.wireguard.configured.values();
  assert.equal(configured?.privateKey.toString("base64"), key("a"));
  assert.equal(configured?.peers[0]?.presharedKey?.toString("base64"), key("p"));

  service.disconnect("D-Bus RPC");
  await it.settle();
  assert.equal(service.state, "idle");
  assert.equal(it.kernel.toText(), before);
  assert.notDeepEqual(it.nameServers, ["10.64.0.1"]);
  assert.deepEqual(
    it.clock.pendingTimers().filter(({ name }) => name.startsWith("wireguard")),
    [],
  );
});

test("a peer that does not answer: the Service is used all the same after five seconds, and says so", async (t) => {
  const it = await start(t);
  const service = configure(it);
  service.connect("a test");
  await it.clock.advanceSettled(4900);
  assert.equal(service.state, "configuration");
  await it.clock.advanceSettled(300);
  assert.equal(service.state, "online");
  assert.match(service.connection.reason, /no peer has answered yet/);
});

test("another default network: the way to the server follows in the same turn, and the peer is greeted", async (t) => {
  const it = await start(t);
  const service = await connected(it);
  const index = it.kernel.snapshot.linkByName("wg0")?.index;
  const greetings = it.wireguard.greeted.length;
  it.kernel.unplug("eth0");
  await it.settle();
  assert.deepEqual(routesTo(it, `${server}/32`), ["eth1"]);
  assert.equal(it.wireguard.greeted.length, greetings + 1);
  assert.equal(service.state, "online");
  assert.equal(it.kernel.snapshot.linkByName("wg0")?.index, index);
});

test("no network left: the tunnel waits with its link in place, and goes on when there is one again", async (t) => {
  const it = await start(t);
  const service = await connected(it);
  const index = it.kernel.snapshot.linkByName("wg0")?.index;
  it.kernel.unplug("eth0");
  it.kernel.unplug("eth1");
  await it.settle();
  assert.equal(service.state, "configuration");
  assert.match(service.connection.reason, /no network is connected/);
  assert.equal(it.kernel.snapshot.linkByName("wg0")?.index, index);
  assert.deepEqual(routesTo(it, "0.0.0.0/0"), ["wg0"]);
  it.kernel.plug("eth1");
  await it.settle();
  assert.equal(service.state, "online");
  assert.deepEqual(routesTo(it, `${server}/32`), ["eth1"]);
  assert.deepEqual(routesTo(it, "0.0.0.0/0"), ["wg0", "eth1"]);
});

test("a server with a name is looked up through the network below until it has an address", async (t) => {
  const it = await start(t);
  answers(it);
  const service = configure(it, peerOf({ Endpoint: "vpn.example:51820" }));
  service.connect("a test");
  await it.clock.advanceSettled(30_000);
  assert.equal(service.state, "association");
  assert.match(service.connection.reason, /vpn\.example has no address yet: .*ENOTFOUND/);
  assert.deepEqual(tunnels(it), ["wg0"]);
  assert.match(it.lookup.asked[0] ?? "", /^vpn\.example from 192\.0\.2\./);
  it.lookup.known.set("vpn.example", [server]);
  await it.clock.advanceSettled(3000);
  assert.equal(service.state, "online");
  assert.deepEqual(routesTo(it, `${server}/32`), ["eth0"]);
});

test("addresses in another spelling than the kernel's are the kernel's all the same", async (t) => {
  const it = await start(t);
  answers(it, "2001:db8::7");
  const peer = peerOf({ Endpoint: "[2001:DB8:0::0007]:51820", AllowedIPs: "::/0" });
  const own = { "WireGuard.IPAddress": { signature: "as", value: ["2001:DB8:0:0::0002/64"] } };
  const service = configure(it, peer, own);
  const removed: string[] = [];
  it.kernel.onDelta((delta) => delta.kind === "address-removed" && removed.push(delta.address.address));
  service.connect("a test");
  await it.clock.advanceSettled(5_000);
  const addresses = [...it.kernel.snapshot.links.values()]
    .filter(({ kind }) => kind === "wireguard")
    .flatMap(({ index }) => it.kernel.snapshot.addresses(index).map(({ address }) => address));
  assert.deepEqual([addresses, removed], [["2001:db8::2"], []]);
  const told = ["WireGuard.IPAddress", "WireGuard.Peers"].map((name) => toJson(service.properties.value(name)));
  assert.match(told.join(), /"2001:db8::2\/64".*"\[2001:db8::7\]:51820"/);
});

test("all addresses of both families are on the link, the first of each first", async (t) => {
  const it = await start(t);
  const own = ["10.64.0.2/24", "2001:db8::2/64", "10.65.0.2/32", "2001:db8:1::2/128", "10.64.0.2/24"];
  const peer = peerOf({ AllowedIPs: "0.0.0.0/0, ::/0" });
  const service = await connected(it, peer, { "WireGuard.IPAddress": { signature: "as", value: own } });
  const { index } = it.kernel.snapshot.linkByName("wg0") ?? assert.fail();
  const addresses = it.kernel.snapshot.addresses(index).map((one) => `${one.address}/${one.prefixLength}`);
  assert.deepEqual(addresses.toSorted(), own.slice(0, 4).toSorted());
  const { ipv4, ipv6 } = service.network?.effective ?? {};
  assert.deepEqual([ipv4?.address, ipv6?.address], ["10.64.0.2", "2001:db8::2"]);
  service.disconnect("D-Bus RPC");
  await it.clock.advanceSettled(0);
  assert.deepEqual(tunnels(it), []);
});

test("a peer to which nothing is allowed is greeted, and no route leads to it", async (t) => {
  const it = await start(t);
  const service = await connected(it, peerOf({ AllowedIPs: "" }));
  const { index } = it.kernel.snapshot.linkByName("wg0") ?? assert.fail();
  assert.deepEqual(
    it.kernel.snapshot.routes({ table: 254, link: index }).map(({ destination }) => destination),
    ["10.64.0.0/24"],
  );
  assert.equal(service.connection.reason, "a peer has answered");
});

test("a name with several addresses: the next one is tried when the first does not answer", async (t) => {
  const it = await start(t);
  it.lookup.known.set("vpn.example", ["203.0.113.1", server]);
  answers(it);
  configure(it, peerOf({ Endpoint: "vpn.example:51820" })).connect("a test");
  await it.clock.advanceSettled(6000);
  assert.deepEqual([...new Set(it.wireguard.greeted)], ["203.0.113.1", server]);
  assert.deepEqual(routesTo(it, `${server}/32`), ["eth0"]);
  assert.deepEqual(routesTo(it, "203.0.113.1/32"), []);
});

test("a peer that is silent for three minutes while something is sent is looked up again", async (t) => {
  const it = await start(t);
  it.lookup.known.set("vpn.example", [server]);
  await connected(it, peerOf({ Endpoint: "vpn.example:51820" }));
  const index = it.kernel.snapshot.linkByName("wg0")?.index ?? 0;
  const asked = it.lookup.asked.length;
  it.lookup.known.set("vpn.example", ["203.0.113.9"]);
  await it.clock.advanceSettled(600_000);
  assert.equal(it.lookup.asked.length, asked, "nothing was sent: nothing is known to be wrong");
  it.wireguard.send(index);
  await it.clock.advanceSettled(31_000);
  const [peer] = await it.wireguard.peers(index);
  assert.equal(peer?.endpoint?.address, "203.0.113.9");
  assert.deepEqual(routesTo(it, "203.0.113.9/32"), ["eth0"]);
});

test("a tunnel does not connect without a network, nor by itself before a person did", async (t) => {
  const it = await start(t);
  const service = configure(it, peerOf(), { AutoConnect: { signature: "b", value: true } });
  assert.equal(service.autoConnectRefusal, "never connected");
  it.kernel.unplug("eth0");
  it.kernel.unplug("eth1");
  await it.settle();
  assert.equal(service.autoConnectRefusal, "offline");
  assert.throws(() => service.connect("a test"), /no network is connected that the tunnel could run over/);
  assert.deepEqual(tunnels(it), []);
});

test("one that was connected once and may do so connects as soon as a network is there", async (t) => {
  const it = await start(t);
  const service = await connected(it, peerOf(), { AutoConnect: { signature: "b", value: true } });
  it.stop();
  const again = await start(t, { storage: it.storage });
  await again.clock.advanceSettled(6000);
  const found = again.manager.services.all.find(({ name }) => name === service.name);
  assert.equal(found?.state, "online");
});

test("success alone does not make it connect by itself", async (t) => {
  const it = await start(t);
  assert.equal((await connected(it)).autoConnect, false);
});

test("a prohibition ends the tunnel, and nothing connects it until it is over", async (t) => {
  const it = await start(t);
  const service = await connected(it, peerOf(), { AutoConnect: { signature: "b", value: true } });
  it.manager.settings.setProperty("ProhibitedTechnologies", "vpn");
  await it.settle();
  assert.deepEqual([service.state, service.connection.reason, tunnels(it)], ["idle", "technology prohibited", []]);
  assert.equal(service.autoConnectRefusal, "technology is prohibited");
  assert.throws(() => service.connect("a test"), /Technology vpn is prohibited/);
  it.manager.settings.setProperty("ProhibitedTechnologies", "");
  await it.clock.advanceSettled(11_000);
  assert.equal(service.state, "online", service.connection.reason);
});

test("DisableTechnology ends the tunnel, and it waits for a person", async (t) => {
  const it = await start(t);
  const service = await connected(it, peerOf(), { AutoConnect: { signature: "b", value: true } });
  await setTechnologyEnabled(it.manager, "vpn", false);
  await it.clock.advanceSettled(11_000);
  assert.deepEqual([service.state, service.autoConnectRefusal, tunnels(it)], ["idle", "explicitly disconnected", []]);
  assert.equal(it.service("eth0").state, "ready");
});

test("IPv6 alone inside the tunnel and no name server: it is connected", async (t) => {
  const it = await start(t);
  const inside = { "WireGuard.IPAddress": { signature: "as", value: ["2001:db8:64::2/64"] } };
  const service = await connected(it, peerOf({ AllowedIPs: "::/0" }), inside);
  assert.equal(service.network?.primaryFamily, 6);
  assert.deepEqual(routesTo(it, "::/0"), ["wg0"]);
});

test("a tunnel is no network for another one to run over", async (t) => {
  const it = await start(t);
  const service = await connected(it, peerOf(), { AutoConnect: { signature: "b", value: true } });
  const rules = { technologyOrder: ["vpn", "ethernet"] as const, isTechnologyAutoConnectable: () => true };
  assert.deepEqual(bestServices([service], rules), []);
  assert.deepEqual(bestServices([service, it.service("eth0")], rules), [service, it.service("eth0")]);
});

test("a second tunnel takes the place of the first", async (t) => {
  const it = await start(t);
  const first = await connected(it);
  const second = configure(it, peerOf(), { Name: { signature: "s", value: "home" } });
  second.connect("a test");
  await it.clock.advanceSettled(200);
  assert.deepEqual([first.state, second.state], ["idle", "online"]);
  assert.equal(tunnels(it).length, 1);
});

test("after a restart the tunnel goes on, with its link and its sessions", async (t) => {
  const it = await start(t);
  await connected(it);
  const { kernel, storage, wireguard } = it;
  const index = kernel.snapshot.linkByName("wg0")?.index;
  it.stop();
  wireguard.configured.clear();
  const again = await restart(t, it, storage);
  await again.clock.advanceSettled(3000);
  const service = again.manager.services.all.find(({ technology }) => technology === "vpn");
  assert.equal(service?.state, "online", service?.connection.reason);
  assert.equal(kernel.snapshot.linkByName("wg0")?.index, index);
  assert.equal(wireguard.configured.size, 0, "keys are set anew: sessions are lost");
  assert.deepEqual(routesTo(again, `${server}/32`), ["eth0"]);
});

test("a link of an unknown tunnel goes at the start, and another program's stays", async (t) => {
  const it = await start(t);
  await connected(it);
  const { kernel } = it;
  kernel.outside({ op: "add-link", link: { kind: "wireguard", name: "wg9" } });
  it.stop();
  const again = await restart(t, it);
  await again.clock.advanceSettled(3000);
  assert.deepEqual(tunnels(again), ["wg9"]);
  assert.deepEqual(routesTo(again, `${server}/32`), []);
});

test("a link that another program removes ends the tunnel with a failure that says so", async (t) => {
  const it = await start(t);
  const service = await connected(it);
  it.kernel.outside({ op: "delete-link", link: it.kernel.snapshot.linkByName("wg0")?.index ?? 0 });
  await it.settle();
  assert.equal(service.state, "failure");
  assert.match(service.connection.errorDetails, /another program has removed wg0/);
  assert.deepEqual(routesTo(it, `${server}/32`), []);
});

test("keys are written and never read", async (t) => {
  const it = await start(t);
  const service = configure(it);
  service.setProperty("WireGuard.PrivateKey", key("c"));
  service.properties.touchAll();
  const told = toJson(service.shape.names.map((name) => service.properties.value(name)));
  const shown = `${told} ${it.announced.join(" ")}`;
  for (const secret of [key("a"), key("c"), key("p")]) assert.ok(!shown.includes(secret), secret);
  assert.ok(shown.includes(key("b")));
  const rows = [...(service.profile?.store.read(service.storageId) ?? [])].join(" ");
  assert.ok(rows.includes(key("c")) && rows.includes(key("p")));
});

test("a peer that is sent without its preshared key keeps it, and an empty private key makes a new one", async (t) => {
  const it = await start(t);
  const service = configure(it);
  const before = service.properties.value("WireGuard.PublicKey");
  const peer = peerOf({ AllowedIPs: "10.0.0.0/8" });
  peer.delete("PresharedKey");
  service.setProperty("WireGuard.Peers", [peer]);
  service.setProperty("WireGuard.PrivateKey", "");
  assert.notEqual(service.properties.value("WireGuard.PublicKey"), before);
  const rows = String(service.profile?.store.read(service.storageId)?.get("WireGuard.Peers"));
  assert.ok(rows.includes(key("p")) && rows.includes("10.0.0.0/8"));
});

const senseless: readonly (readonly [
  what: string,
  peer: Map<string, string>,
  more: Record<string, WireVariant>,
  words: RegExp,
])[] = [
  ["a peer without a key", peerOf({ PublicKey: "" }), {}, /PublicKey is no key/],
  ["a network that is none", peerOf({ AllowedIPs: "10.0.0.0/40" }), {}, /no address/],
  ["an endpoint without a port", peerOf({ Endpoint: "vpn.example" }), {}, /HOST:PORT/],
  ["a keepalive beyond all bounds", peerOf({ PersistentKeepalive: "100000" }), {}, /PersistentKeepalive/],
  ["a word that no peer has", peerOf({ PostUp: "reboot" }), {}, /"PostUp" is nothing/],
  [
    "a key that is none",
    peerOf(),
    { "WireGuard.PrivateKey": { signature: "s", value: "secret" } },
    /PrivateKey is no key/,
  ],
  ["an address that is none", peerOf(), { "WireGuard.IPAddress": { signature: "as", value: ["here"] } }, /IPAddress/],
  ["another kind of tunnel", peerOf(), { "Provider.Type": { signature: "s", value: "openvpn" } }, /no support/],
  ["no server", peerOf(), { "Provider.Host": { signature: "s", value: "" } }, /needs Provider.Host/],
];
for (const [what, peer, more, words] of senseless) {
  test(`${what} is refused, and no value is repeated`, async (t) => {
    const it = await start(t);
    assert.throws(
      () => configure(it, peer, more),
      (error: Error) => words.test(error.message) && !error.message.includes("secret"),
    );
  });
}

test("a stored tunnel comes back, and an entry that was forgotten is gone", async (t) => {
  const it = await start(t);
  configure(it);
  it.stop();
  const again = await start(t, { storage: it.storage });
  const service = again.manager.services.all.find(({ technology }) => technology === "vpn") ?? assert.fail("none");
  assert.deepEqual([service.name, service.storageId, service.isConnectable], ["work", "vpn_vpn.example_work", true]);
  assert.equal(service.properties.value("Provider.Host"), "vpn.example");
  service.remove();
  await again.settle();
  assert.equal(again.manager.services.all.filter(({ technology }) => technology === "vpn").length, 0);
});
