// mostly waits: for retransmissions and renewals
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { type TestContext, test } from "node:test";
import type { Dhcp4Config } from "../../../src/network/protocols/dhcp4/config.ts";
import { type DhcpServer, type DhcpServerOptions, startDhcpServer } from "../../harness/dhcp-server.ts";
import { addBridge, addCable, addPeer, requirePrivateNamespace } from "../../harness/namespace.ts";
import { tryRun } from "../../harness/processes.ts";
import { until } from "../../harness/until.ts";
import { RealClient } from "./real-client.ts";

requirePrivateNamespace();

const range = "10.1.0.100,10.1.0.110,255.255.255.0,1h";
let lastNumber = 0;

/** A peer with a bridge 10.1.0.1/24, a cable from our `eth<N>` to it, and a client there. */
async function lan(t: TestContext, server: Partial<DhcpServerOptions> = {}, config: Dhcp4Config = {}) {
  const number = ++lastNumber;
  const peer = addPeer(`lan${number}`);
  addBridge("br0", peer, "10.1.0.1/24");
  const cable = addCable(`eth${number}`, peer, { bridge: "br0" });
  const client = new RealClient(cable.link, config);
  const servers: DhcpServer[] = [];
  const start = async (options: Partial<DhcpServerOptions> = {}) => {
    const started = await startDhcpServer(peer, { link: "br0", range, ...server, ...options });
    servers.push(started);
    return started;
  };
  t.after(async () => {
    await client.end();
    for (const started of servers) await started.stop();
    cable.remove();
    peer.remove();
  });
  return { peer, cable, client, start, server: await start() };
}
/** "DHCPDISCOVER", "DHCPOFFER", ... as dnsmasq logged them. */
const talk = (server: DhcpServer, from = 0) =>
  [
    ...server
      .log()
      .slice(from)
      .matchAll(/\bDHCP(DISCOVER|OFFER|REQUEST|ACK|NAK|RELEASE|DECLINE)\b/g),
  ].map(([, word]) => word);

/** The server writes its log after it has answered: its lines are in there some time later. */
async function heard(server: DhcpServer, from: number, words: readonly string[]): Promise<void> {
  await until(`the server tells of ${words.join(", ")}`, () => talk(server, from).length >= words.length);
  assert.deepEqual(talk(server, from), words);
}
async function lengthAfterAck(server: DhcpServer): Promise<number> {
  await until("the server tells of its ACK", () => talk(server).at(-1) === "ACK");
  return server.log().length;
}

test("a lease comes with everything the server says", async (t) => {
  const options = [
    "3,10.1.0.1",
    "6,10.1.0.1,0.0.0.0,9.9.9.9",
    "15,example.org",
    "26,1400",
    "42,10.1.0.3",
    "43,fairlead",
    "114,https://portal.example.org/api",
    "119,eng.example.org,example.org",
    "121,192.168.50.0/24,10.1.0.7,10.77.0.0/16,10.1.0.8,0.0.0.0/0,10.1.0.1",
    "252,http://wpad.example.org/proxy.pac",
  ];
  const { client, server } = await lan(t, { options });
  const settings = await client.up();
  const { ipv4, ...rest } = settings;
  assert.match(ipv4?.address ?? "", /^10\.1\.0\.1(0\d|10)$/);
  assert.deepEqual(
    [ipv4?.prefixLength, ipv4?.gateway, ipv4?.broadcast, ipv4?.validSeconds],
    [24, "10.1.0.1", "10.1.0.255", 3599],
  );
  assert.deepEqual(rest, {
    routes: [
      { destination: "192.168.50.0/24", gateway: "10.1.0.7" },
      { destination: "10.77.0.0/16", gateway: "10.1.0.8" },
    ],
    nameServers: ["10.1.0.1", "9.9.9.9"],
    searchDomains: ["eng.example.org", "example.org"],
    ntpServers: ["10.1.0.3"],
    mtu: 1400,
    domainName: "example.org",
    webProxyAutoDiscoveryUrl: "http://wpad.example.org/proxy.pac",
    captivePortalUri: "https://portal.example.org/api",
    vendorEncapsulatedOptions: settings.vendorEncapsulatedOptions,
  });
  await heard(server, 0, ["DISCOVER", "OFFER", "REQUEST", "ACK"]);
});

test("classless routes of option 249 are taken where 121 is missing", async (t) => {
  const { client } = await lan(t, { options: ["249,192.168.50.0/24,10.1.0.7"] });
  assert.deepEqual((await client.up()).routes, [{ destination: "192.168.50.0/24", gateway: "10.1.0.7" }]);
});

test("rapid commit saves two messages", async (t) => {
  const { client, server } = await lan(t, { rapidCommit: true });
  await client.up();
  await heard(server, 0, ["DISCOVER", "ACK"]);
});

test("answers whose checksum is left to hardware are understood", async (t) => {
  const { client, peer } = await lan(t);
  const offload = tryRun("nsenter", [`--net=/run/netns/${peer.netns}`, "ethtool", "-K", client.linkName, "tx", "on"]);
  if (offload.code !== 0) return t.skip("ethtool is missing or cannot switch checksum offload on");
  await client.up();
});

test("a renewal at T1 goes out by unicast and is answered, and nothing is left open after it", async (t) => {
  const { client, server } = await lan(t, { options: ["option:T1,3", "option:T2,60"] });
  await client.up();
  const said = await lengthAfterAck(server);
  await until("the lease is renewed", () => client.told.length > 0);
  await heard(server, said, ["REQUEST", "ACK"]);
  assert.equal(client.told[0], `settings ${client.address}`);
  assert.ok(!readFileSync("/proc/net/udp", "latin1").includes(":0044 "), "port 68 is free again");
});

test("renew is answered at once", async (t) => {
  const { client, server } = await lan(t);
  await client.up();
  const said = await lengthAfterAck(server);
  client.session.renew();
  await until("the lease is confirmed", () => client.told.length > 0);
  await heard(server, said, ["REQUEST", "ACK"]);
});

test("a known lease is asked for by name and comes back", async (t) => {
  const { client, server } = await lan(t);
  const first = (await client.up()).ipv4?.address;
  await until("the lease is kept", () => client.kept);
  await client.session.teardown({ force: true });
  const said = await lengthAfterAck(server);
  client.attach({});
  assert.equal((await client.up()).ipv4?.address, first);
  await heard(server, said, ["REQUEST", "ACK"]);
});

test("a lease in use is resumed at once and confirmed behind it", async (t) => {
  const { client } = await lan(t);
  await client.up();
  await until("the lease is kept", () => client.kept);
  await client.session.teardown({ force: true });
  client.attach({ resume: "in-use" });
  await client.up();
  await until("the lease is confirmed", () => client.told.length > 0);
});

test("when the server has another range, renew ends in NAK and a new lease", async (t) => {
  const { client, server, start, peer } = await lan(t);
  await client.up();
  await server.stop();
  peer.exec("ip", "address", "flush", "dev", "br0");
  peer.exec("ip", "address", "add", "10.2.0.1/24", "dev", "br0");
  await start({ range: "10.2.0.100,10.2.0.110,255.255.255.0,1h" });
  client.session.renew();
  await until("the lease is lost", () => client.told.includes("lost nak"));
  assert.match((await client.up()).ipv4?.address ?? "", /^10\.2\.0\./);
});

test("a known lease of another network costs one more exchange, not seconds", async (t) => {
  const { client, server, start, peer } = await lan(t);
  await client.up();
  await until("the lease is kept", () => client.kept);
  await client.session.teardown({ force: true });
  await server.stop();
  peer.exec("ip", "address", "flush", "dev", "br0");
  peer.exec("ip", "address", "add", "10.2.0.1/24", "dev", "br0");
  const next = await start({ range: "10.2.0.100,10.2.0.110,255.255.255.0,1h" });
  assert.match((await client.up()).ipv4?.address ?? "", /^10\.2\.0\./);
  await heard(next, 0, ["REQUEST", "NAK", "DISCOVER", "OFFER", "REQUEST", "ACK"]);
});

test("teardown gives the lease back", async (t) => {
  const { client, server } = await lan(t);
  await client.up();
  await client.session.teardown({ force: false });
  await until("the server has heard of it", () => talk(server).includes("RELEASE"));
  await until("the server has forgotten the lease", () => !server.leases().includes("10.1.0.1"));
});

test("when its server is gone, another one takes the lease over after T2", async (t) => {
  const { client, server, start, peer } = await lan(t, { options: ["option:T1,3", "option:T2,5"] });
  const { address } = (await client.up()).ipv4 ?? {};
  const leases = server.leases();
  await server.stop();
  peer.exec("ip", "address", "del", "10.1.0.1/24", "dev", "br0");
  peer.exec("ip", "address", "add", "10.1.0.2/24", "dev", "br0");
  const other = await start({ leases });
  await until("the lease is rebound", () => client.told.length > 0, 15_000);
  assert.deepEqual(client.told.slice(0, 1), [`settings ${address}`]);
  await until("the server tells of its ACK", () => talk(other).includes("ACK"));
});

test("when the server dies the lease is used until its end and then lost", async (t) => {
  // dnsmasq grants two minutes at least, so the end is brought near by the test: the kept lease is made older.
  const { client, server } = await lan(t);
  await client.up();
  const kept = await until("the lease is kept", () => client.kept);
  await client.session.teardown({ force: true });
  await server.stop();
  const lease = JSON.parse(kept);
  client.kept = JSON.stringify({ ...lease, grantedAtMs: lease.grantedAtMs - lease.leaseSeconds * 1000 + 5000 });
  client.attach({ resume: "in-use" });
  assert.ok((await client.up()).ipv4?.address);
  assert.deepEqual(client.told, []);
  await until("the lease is lost", () => client.told.length > 0);
  assert.deepEqual(client.told, ["lost lease-expired"]);
});

test("a link that flaps leaves the client working", async (t) => {
  const { client, cable } = await lan(t);
  await client.up();
  await client.session.teardown({ force: true });
  for (let round = 0; round < 5; round++) {
    cable.unplug();
    cable.plug();
  }
  client.attach({});
  await client.up();
});

test("a link that vanishes fails the next setup with a reason", async (t) => {
  const { client, cable } = await lan(t);
  await client.up();
  await client.session.teardown({ force: true });
  cable.remove();
  client.handler.close();
  await assert.rejects(client.session.setup(new AbortController().signal), { code: "Failure", message: /ENODEV/ });
});
