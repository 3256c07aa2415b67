// mostly waits: for retransmissions and renewals
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { variant } from "../../harness/bus-client.ts";
import { until } from "../../harness/until.ts";
import { addressesOf, addressOf, ip, kernelLink, routeLines, routesOf, watchKernel } from "./kernel-view.ts";
import { addLan, serviceOn, startDaemon, startServer, times, untilState } from "./support.ts";

test("a static address takes effect on the live connection, and the lease comes back after it", async (t) => {
  await addLan(t, "router");
  const daemon = await startDaemon(t);
  const path = String((await untilState(daemon, "eth0", "ready")).path);
  const leased = addressOf("eth0");
  await daemon.setProperty(path, "Service", "StaticIPConfig", "a{sv}", {
    Address: variant("s", "10.1.0.7"),
    Prefixlen: variant("i", 24),
    Gateway: variant("s", "10.1.0.2"),
    NameServers: variant("as", ["10.1.0.54"]),
  });
  await until("the fixed address is there alone", () => addressesOf("eth0").join() === "10.1.0.7/24");
  await until("its gateway is in use", () => routesOf().some(({ gateway }) => gateway === "10.1.0.2"));
  const resolver = () => readFileSync(join(daemon.runDir, "resolv.conf"), "utf8");
  await until("its name server is in use", () => /nameserver 10\.1\.0\.54/.test(resolver()));
  await daemon.call(path, "org.chromium.flimflam.Service", "ClearProperty", "s", ["StaticIPConfig"]);
  await until("the leased address is back alone", () => addressesOf("eth0").join() === leased);
  await until("so are gateway and name server", () => /10\.1\.0\.53/.test(resolver()));
  assert.ok(routeLines().includes("default via 10.1.0.1 dev eth0 proto 102"));
  await untilState(daemon, "eth0", "ready");
});

test("a static gateway alone is the way out, and the leased one comes back after it", async (t) => {
  await addLan(t, "router");
  const daemon = await startDaemon(t);
  const path = String((await untilState(daemon, "eth0", "ready")).path);
  const leased = addressOf("eth0");
  const way = () => routeLines().filter((line) => line.startsWith("default"));
  const gateway = { Gateway: variant("s", "10.1.0.254") };
  await daemon.setProperty(path, "Service", "StaticIPConfig", "a{sv}", gateway);
  await until("it leads out", () => way().join() === "default via 10.1.0.254 dev eth0 proto 102");
  assert.equal(addressesOf("eth0").join(), leased);
  await daemon.call(path, "org.chromium.flimflam.Service", "ClearProperty", "s", ["StaticIPConfig"]);
  await until("the leased one is back", () => way().join() === "default via 10.1.0.1 dev eth0 proto 102");
});

test("classless routes make the router option void, and a gateway outside the network that they name works", async (t) => {
  const options = ["option:router,10.1.0.254", "121,10.5.0.0/16,10.1.0.1,0.0.0.0/0,192.0.2.1"];
  await addLan(t, "router", { dhcp: { options } });
  const daemon = await startDaemon(t);
  await untilState(daemon, "eth0", "ready");
  assert.deepEqual(routeLines(), [
    "10.1.0.0/24 dev eth0 proto 102",
    "10.5.0.0/16 via 10.1.0.1 dev eth0 proto 102",
    "192.0.2.1 dev eth0 proto 102",
    "default via 192.0.2.1 dev eth0 proto 102",
  ]);
  const said = /option 3 \(10\.1\.0\.254\) is ignored beside classless routes/;
  await until("the log says so", () => said.test(daemon.log()));
});

for (const [args, messages] of [
  [[], 0],
  [["--no-rapid-commit"], 1],
] as const) {
  test(`with a server of rapid commit and ${args.join() || "no option"} there are ${messages} OFFERs`, async (t) => {
    const { server } = await addLan(t, "router", { dhcp: { rapidCommit: true } });
    const daemon = await startDaemon(t, { args: [...args] });
    await untilState(daemon, "eth0", "ready");
    await until("the server wrote its log", () => times(server, "DHCPACK") === 1);
    assert.equal(times(server, "DHCPOFFER"), messages);
  });
}

test("a server that moved to another range says NAK, and a new address is there at once", async (t) => {
  const { peer, cable, server } = await addLan(t, "router");
  const daemon = await startDaemon(t);
  await untilState(daemon, "eth0", "ready");
  cable.unplug();
  await untilState(daemon, "eth0", "idle");
  await server.stop();
  peer.exec("ip", "address", "replace", "10.3.0.1/24", "dev", "lan");
  peer.exec("ip", "address", "delete", "10.1.0.1/24", "dev", "lan");
  const moved = await startServer(t, peer, "10.3.0");
  cable.plug();
  await untilState(daemon, "eth0", "ready");
  assert.match(addressesOf("eth0").join(), /^10\.3\.0\.1\d\d\/24$/);
  assert.deepEqual(routeLines(), ["10.3.0.0/24 dev eth0 proto 102", "default via 10.3.0.1 dev eth0 proto 102"]);
  await until("the server wrote its log", () => times(moved, "DHCPACK") === 1);
  assert.equal(times(moved, "DHCPNAK"), 1);
});

test("a lease is renewed in time, by another server when the first is gone, and nothing is taken away meanwhile", async (t) => {
  const dhcp = { extraArgs: ["--dhcp-option=58,2", "--dhcp-option=59,3"] };
  const { peer, server } = await addLan(t, "router", { dhcp });
  const daemon = await startDaemon(t);
  await untilState(daemon, "eth0", "ready");
  const kernel = await watchKernel(t);
  await until("the lease was renewed", () => times(server, "DHCPACK") >= 2);
  assert.equal(times(server, "DHCPDISCOVER"), 1);
  const leases = server.leases();
  await server.stop();
  peer.exec("ip", "address", "flush", "dev", "lan");
  peer.exec("ip", "address", "add", "10.1.0.3/24", "dev", "lan");
  const other = await startServer(t, peer, "10.1.0", { ...dhcp, leases });
  await until("the other server confirmed the lease", () => times(other, "DHCPACK") >= 1);
  assert.equal(times(other, "DHCPDISCOVER"), 0);
  assert.deepEqual(kernel.deleted(), []);
  await untilState(daemon, "eth0", "ready");
});

test("a cable without a server is being configured, and connects as soon as the server is there", async (t) => {
  const { peer, cable, server } = await addLan(t, "router", { plugged: false });
  await server.stop();
  const daemon = await startDaemon(t);
  cable.plug();
  await untilState(daemon, "eth0", "configuration");
  assert.deepEqual(addressesOf("eth0"), []);
  await startServer(t, peer, "10.1.0");
  await untilState(daemon, "eth0", "ready", 8000);
});

test("the host name is sent when one is set", async (t) => {
  const { server, cable } = await addLan(t, "router", { plugged: false });
  const daemon = await startDaemon(t);
  await daemon.setProperty("/", "Manager", "DHCPProperty.Hostname", "s", "laptop");
  cable.plug();
  await untilState(daemon, "eth0", "ready");
  await until("the server keeps it with the lease", () => / laptop /.test(server.leases()));
});

test("classless routes lead where the network says, and the link gets the MTU of the network", async (t) => {
  // "3" alone: no router option.
  const options = ["3", "121,10.77.0.0/16,10.1.0.3,0.0.0.0/0,10.1.0.4", "26,1400"];
  const { cable } = await addLan(t, "router", { dhcp: { options } });
  const daemon = await startDaemon(t);
  await untilState(daemon, "eth0", "ready");
  assert.deepEqual(routeLines(), [
    "10.1.0.0/24 dev eth0 proto 102",
    "10.77.0.0/16 via 10.1.0.3 dev eth0 proto 102",
    "default via 10.1.0.4 dev eth0 proto 102",
  ]);
  assert.equal(kernelLink("eth0").mtu, 1400);
  cable.unplug();
  await until("the link has its own MTU again", () => kernelLink("eth0").mtu === 1500);
});

test("rapid commit: two messages instead of four", async (t) => {
  const { server } = await addLan(t, "router", { dhcp: { rapidCommit: true } });
  const daemon = await startDaemon(t);
  await untilState(daemon, "eth0", "ready");
  await until("the server wrote its log", () => times(server, "DHCPACK") === 1);
  assert.deepEqual([times(server, "DHCPOFFER"), times(server, "DHCPREQUEST")], [0, 0]);
});

test("with a static address a cable is ready at once, whether a server answers or not", async (t) => {
  const { server, cable } = await addLan(t, "router", { plugged: false });
  await server.stop();
  const daemon = await startDaemon(t);
  const path = String((await serviceOn(daemon, "eth0"))?.path);
  const fixed = { Address: variant("s", "10.1.0.7"), Prefixlen: variant("i", 24), Gateway: variant("s", "10.1.0.1") };
  await daemon.setProperty(path, "Service", "StaticIPConfig", "a{sv}", fixed);
  cable.plug();
  await untilState(daemon, "eth0", "ready");
  assert.equal(addressOf("eth0"), "10.1.0.7/24");
  assert.deepEqual(routeLines(), ["10.1.0.0/24 dev eth0 proto 102", "default via 10.1.0.1 dev eth0 proto 102"]);
});

test("Disconnect gives the lease back, and nothing connects the cable until a person does", async (t) => {
  const { server, cable } = await addLan(t, "router");
  const daemon = await startDaemon(t);
  const path = String((await untilState(daemon, "eth0", "ready")).path);
  await daemon.call(path, "org.chromium.flimflam.Service", "Disconnect");
  await until("the server has it back", () => times(server, "DHCPRELEASE") === 1);
  assert.equal(server.leases(), "");
  await until("the address is gone", () => addressesOf("eth0").length === 0);
  cable.unplug();
  await until(
    "the carrier is gone",
    async () => !(await daemon.properties("/device/eth0", "Device"))["Ethernet.LinkUp"],
  );
  cable.plug();
  await until(
    "the carrier is back",
    async () => (await daemon.properties("/device/eth0", "Device"))["Ethernet.LinkUp"],
  );
  assert.equal((await serviceOn(daemon, "eth0"))?.State, "idle");
  await daemon.call(path, "org.chromium.flimflam.Service", "Connect");
  await untilState(daemon, "eth0", "ready");
});

test("a link that is given another MAC address while connected asks with it, and gets the address of that one", async (t) => {
  const [before, after] = ["02:00:00:00:00:aa", "02:00:00:aa:bb:01"];
  const { server } = await addLan(t, "router", {
    mac: before,
    dhcp: { extraArgs: [`--dhcp-host=${before},10.1.0.150`, `--dhcp-host=${after},10.1.0.160`] },
  });
  const daemon = await startDaemon(t);
  await untilState(daemon, "eth0", "ready");
  assert.equal(addressOf("eth0"), "10.1.0.150/24");
  ip("link", "set", "eth0", "address", after);
  await until("the address of the new one is there alone", () => addressesOf("eth0").join() === "10.1.0.160/24");
  await untilState(daemon, "eth0", "ready");
  assert.ok(routeLines().includes("default via 10.1.0.1 dev eth0 proto 102"));
  assert.equal(times(server, "DHCPDECLINE"), 0);
});
