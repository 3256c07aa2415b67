import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import type { TestDaemon } from "../../harness/daemon.ts";
import { addBridge, addPeer, type Cable, run } from "../../harness/namespace.ts";
import { until } from "../../harness/until.ts";
import { addressOf, defaultLinks, hostAddressOf, routesOf, watchKernel } from "./kernel-view.ts";
import { addLan, plugIn, startDaemon, startPython, startServer, untilState } from "./support.ts";

interface TwoCables {
  readonly eth0: Cable;
  readonly eth1: Cable;
  readonly peer: ReturnType<typeof addPeer>;
}

/** Two networks, 10.1.0.0/24 and 10.2.0.0/24, whose routers both lead to the host 10.9.9.9. */
async function twoCables(t: TestContext): Promise<TwoCables> {
  const peer = addPeer("far");
  t.after(() => peer.remove());
  peer.exec("ip", "address", "add", "10.9.9.9/32", "dev", "lo");
  const eth0 = plugIn(t, "eth0", peer, { peerLink: "lan", address: "10.1.0.1/24" });
  const eth1 = plugIn(t, "eth1", peer, { peerLink: "wan", address: "10.2.0.1/24" });
  await startServer(t, peer, "10.1.0");
  await startServer(t, peer, "10.2.0", { link: "wan" });
  return { eth0, eth1, peer };
}

async function bothReady(t: TestContext): Promise<TwoCables & { readonly daemon: TestDaemon }> {
  const cables = await twoCables(t);
  const daemon = await startDaemon(t);
  await untilState(daemon, "eth0", "ready");
  await untilState(daemon, "eth1", "ready");
  await until("eth0 is the default route", () => defaultLinks().join() === "eth0,eth1");
  return { ...cables, daemon };
}

/** Of the cables. The settings of 802.1X, which cannot be connected, stand behind them. */
async function order(daemon: TestDaemon): Promise<readonly string[]> {
  const [services] = await daemon.call("/", "org.fairlead.Manager1", "GetOrder");
  return (services as { Device: string; State: string; Because: string; Rank: number }[])
    .filter(({ Device }) => Device !== "")
    .map(({ Device, State, Because, Rank }) => `${Rank} ${Device} ${State} ${Because}`);
}

test("two cables are both ready, in an order that has reasons", async (t) => {
  const { daemon, eth0 } = await bothReady(t);
  assert.deepEqual(await order(daemon), ["0 eth0 ready SerialNumber", "1 eth1 ready IsConnected"]);
  eth0.unplug();
  await untilState(daemon, "eth0", "idle");
  await until(
    "eth1 leads",
    async () => (await order(daemon)).join() === "0 eth1 ready IsConnected,-1 eth0 idle Connectable",
  );
  assert.equal(defaultLinks()[0], "eth1");
  await until("nothing leads to the lost cable any more", () => defaultLinks().join() === "eth1");
  assert.match(readFileSync(join(daemon.runDir, "resolv.conf"), "utf8"), /nameserver 10\.2\.0\.53/);
});

test("Priority moves the default route and the name servers, and back", async (t) => {
  const { daemon } = await bothReady(t);
  const { path } = await untilState(daemon, "eth1", "ready");
  await daemon.setProperty(String(path), "Service", "Priority", "i", 5);
  await until("eth1 is the default route", () => defaultLinks().join() === "eth1,eth0");
  assert.deepEqual(await order(daemon), ["0 eth1 ready Priority", "1 eth0 ready IsConnected"]);
  assert.match(readFileSync(join(daemon.runDir, "resolv.conf"), "utf8"), /nameserver 10\.2\.0\.53/);
  await daemon.call(String(path), "org.chromium.flimflam.Service", "ClearProperty", "s", ["Priority"]);
  await until("eth0 is the default route", () => defaultLinks().join() === "eth0,eth1");
});

test("when the preferred cable is lost a stream of probes every 10 ms loses at most one", async (t) => {
  const { daemon, eth0, peer } = await bothReady(t);
  await startPython(t, echoServer, [], peer);
  const probes = await startPython(t, prober, ["10.9.9.9"]);
  eth0.unplug();
  await untilState(daemon, "eth0", "idle");
  probes.write("pulled\n");
  await probes.untilOutput(/^sent \d+ lost/m);
  const [, sent, lost] = /sent (\d+) lost (\d+)/.exec(probes.output()) ?? [];
  t.diagnostic(`${lost} of ${sent} probes lost`);
  assert.ok(Number(lost) <= 1, `${lost} of ${sent} probes lost`);
});

const echoServer = `
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("10.9.9.9", 7))
print("ready")
while True:
    data, who = s.recvfrom(2048)
    s.sendto(data, who)
`;
/** Counts from 20 probes before it is ready until 30 after it was told; the last get half a second to come back. */
const prober = `
import select, socket, sys, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
missing, number, last, due = set(), 0, None, time.monotonic()
while last is None or number < last:
    s.sendto(str(number).encode(), (sys.argv[1], 7))
    missing.add(number)
    number, due = number + 1, due + 0.01
    if number == 20: print("ready")
    while (wait := due - time.monotonic()) > 0:
        for source in select.select([s, sys.stdin] if last is None else [s], [], [], wait)[0]:
            if source is s: missing.discard(int(s.recv(100)))
            else: last = number + 30; sys.stdin.readline()
end = time.monotonic() + 0.5
while missing and (wait := end - time.monotonic()) > 0:
    if select.select([s], [], [], wait)[0]: missing.discard(int(s.recv(100)))
print(f"sent {number} lost {len(missing)}")
`;

test("two cables in the same subnet each carry the traffic of their own address", async (t) => {
  const peer = addPeer("office");
  t.after(() => peer.remove());
  addBridge("lan", peer, "10.1.0.1/24");
  plugIn(t, "eth0", peer, { bridge: "lan", peerLink: "port0" });
  plugIn(t, "eth1", peer, { bridge: "lan", peerLink: "port1" });
  await startServer(t, peer, "10.1.0");
  const daemon = await startDaemon(t);
  for (const link of ["eth0", "eth1"]) await untilState(daemon, link, "ready");
  assert.notEqual(addressOf("eth0"), addressOf("eth1"));
  for (const link of ["eth0", "eth1"]) {
    const host = hostAddressOf(link);
    assert.match(run("ping", ["-c2", "-i0.01", "-W2", "-I", host, "10.1.0.1"]), /2 received/);
    peer.exec("ping", "-c2", "-i0.01", "-W2", host);
    const neighbour = peer.exec("ip", "neighbour", "show", host);
    assert.ok(neighbour.includes(run("cat", [`/sys/class/net/${link}/address`]).trim()), `${link} answers for itself`);
  }
});

for (const end of ["stop", "kill"] as const) {
  test(`after ${end} and start the order of two cables is as before, and no route was touched`, async (t) => {
    const { daemon } = await bothReady(t);
    const { path } = await untilState(daemon, "eth1", "ready");
    await daemon.setProperty(String(path), "Service", "Priority", "i", 5);
    await until("eth1 is the default route", () => defaultLinks().join() === "eth1,eth0");
    const kernel = await watchKernel(t);
    await daemon[end]();
    await daemon.launch();
    for (const link of ["eth0", "eth1"]) await untilState(daemon, link, "ready");
    await until(
      "eth1 leads",
      async () => (await order(daemon)).join() === "0 eth1 ready Priority,1 eth0 ready IsConnected",
    );
    // Only the addresses are put again, with the rest of their leases.
    const isAddress = (line: string) => /^\d+: eth[01]\s+inet 10\.[12]\.0\.1/.test(line);
    assert.deepEqual(
      kernel.lines().filter((line) => !isAddress(line)),
      [],
    );
    assert.deepEqual(defaultLinks(), ["eth1", "eth0"]);
  });
}

test("without any cable left there is no default route and no resolver file", async (t) => {
  const { daemon, eth0, eth1 } = await bothReady(t);
  eth0.unplug();
  eth1.unplug();
  for (const link of ["eth0", "eth1"]) await untilState(daemon, link, "idle");
  await until("no route of ours is left", () => routesOf().length === 0);
  assert.equal(existsSync(join(daemon.runDir, "resolv.conf")), false);
});

test("two routers that give out the same subnet and the same address: the first is used, then the other", async (t) => {
  const mac = (last: number) => `02:00:00:00:00:0${last}`;
  const always150 = (last: number) => ({
    mac: mac(last),
    dhcp: { extraArgs: [`--dhcp-host=${mac(last)},10.1.0.150`] },
  });
  const home = await addLan(t, "home", { link: "eth0", ...always150(1) });
  const office = await addLan(t, "office", { link: "eth1", ...always150(2) });
  const daemon = await startDaemon(t);
  for (const link of ["eth0", "eth1"]) await untilState(daemon, link, "ready");
  await until("eth0 is the default route", () => defaultLinks().join() === "eth0,eth1");
  assert.deepEqual([addressOf("eth0"), addressOf("eth1")], ["10.1.0.150/24", "10.1.0.150/24"]);
  const seenBy = ({ peer }: typeof home) => peer.exec("ip", "-s", "neighbour", "show", "10.1.0.150");
  assert.match(run("ping", ["-c1", "-W2", "10.1.0.1"]), /1 received/);
  assert.match(seenBy(home), new RegExp(mac(1)));
  home.cable.unplug();
  await until("eth1 is the default route", () => defaultLinks().join() === "eth1");
  assert.match(run("ping", ["-c1", "-W2", "10.1.0.1"]), /1 received/);
  assert.match(seenBy(office), new RegExp(mac(2)));
});

test("a cable whose network has no router comes second: names are asked where the default route leads", async (t) => {
  // "3" alone: no router option.
  await addLan(t, "instrument", { link: "eth0", dhcp: { options: ["3", "option:dns-server,10.1.0.53"] } });
  await addLan(t, "office", { link: "eth1", net: "10.2.0" });
  const daemon = await startDaemon(t);
  for (const link of ["eth0", "eth1"]) await untilState(daemon, link, "ready");
  await until(
    "eth1 leads",
    async () => (await order(daemon)).join() === "0 eth1 ready HasWayOut,1 eth0 ready IsConnected",
  );
  const nameServer = () => /nameserver (\S+)/.exec(readFileSync(join(daemon.runDir, "resolv.conf"), "utf8"))?.[1];
  assert.deepEqual([defaultLinks(), nameServer()], [["eth1"], "10.2.0.53"]);
  run("ip", ["route", "add", "default", "via", "10.1.0.1", "dev", "eth0"]);
  await until("another program's default route is a way out, too", () => nameServer() === "10.1.0.53");
  run("ip", ["route", "del", "default", "via", "10.1.0.1", "dev", "eth0"]);
  await until("eth1 leads again", () => nameServer() === "10.2.0.53");
});
