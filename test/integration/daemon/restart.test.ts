import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { variant } from "../../harness/bus-client.ts";
import { busName, startDaemonProcess, type TestDaemon } from "../../harness/daemon.ts";
import type { Peer } from "../../harness/namespace.ts";
import { until } from "../../harness/until.ts";
import { addressesOf, addressOf, kernelLink, ownRules, routeLines, tableOf, watchKernel } from "./kernel-view.ts";
import { addLan, serviceOn, startDaemon, startPython, times, untilState } from "./support.ts";

/** All that a connection is made of, as text. */
const configuration = () => [addressOf("eth0"), routeLines(), routeLines(tableOf("eth0")), ownRules()];

/** A TCP connection to the peer; `echo` proves that it lives. */
async function openConnection(t: TestContext, peer: Peer): Promise<{ echo(word: string): Promise<void> }> {
  await startPython(t, echoServer, [], peer);
  const socket: Socket = connect({ host: "10.1.0.1", port: 7 });
  t.after(() => socket.destroy());
  let heard = "";
  socket.on("data", (bytes) => {
    heard += bytes;
  });
  const failure = new Promise<never>((_, reject) => socket.on("error", reject));
  failure.catch(() => {});
  const echo = (word: string) => {
    socket.write(word);
    return Promise.race([failure, until(`${word} comes back`, () => heard.endsWith(word))]).then(() => {});
  };
  await echo("hello");
  return { echo };
}
const echoServer = `
import socket
server = socket.create_server(("10.1.0.1", 7))
print("ready")
connection, _ = server.accept()
while data := connection.recv(1000): connection.sendall(data)
`;

const endings: Readonly<Record<string, (daemon: TestDaemon) => Promise<void>>> = {
  "stopped with SIGTERM": (daemon) => daemon.stop(),
  "killed with SIGKILL": (daemon) => daemon.kill(),
};
for (const [ending, end] of Object.entries(endings)) {
  test(`a daemon that is ${ending} and started again drops nothing and asks for the same address`, async (t) => {
    const { peer, server } = await addLan(t, "router");
    const daemon = await startDaemon(t);
    await untilState(daemon, "eth0", "ready");
    const before = configuration();
    // A server that is slow to answer is asked again.
    const discovers = times(server, "DHCPDISCOVER");
    const connection = await openConnection(t, peer);
    const kernel = await watchKernel(t);
    await end(daemon);
    assert.deepEqual(configuration(), before);
    assert.ok(kernelLink("eth0").flags.includes("UP"));
    await connection.echo("nobody watches");
    await daemon.launch();
    await untilState(daemon, "eth0", "ready");
    await until("the start is over", () => times(server, "DHCPACK") === 2);
    await connection.echo("again");
    assert.deepEqual(configuration(), before);
    assert.equal(times(server, "DHCPDISCOVER"), discovers);
    assert.deepEqual(kernel.deleted(), []);
  });
}

test("a killed daemon's leftovers on a link whose cable was pulled meanwhile are removed", async (t) => {
  const { cable } = await addLan(t, "router");
  const daemon = await startDaemon(t);
  await untilState(daemon, "eth0", "ready");
  const table = tableOf("eth0");
  await daemon.kill();
  cable.unplug();
  assert.equal(addressesOf("eth0").length, 1);
  await daemon.launch();
  const left = () => addressesOf("eth0").length + routeLines().length + routeLines(table).length + ownRules().length;
  await until("nothing of ours is left", () => left() === 0);
  await until("nor the resolver file", () => !existsSync(join(daemon.runDir, "resolv.conf")));
  assert.equal((await serviceOn(daemon, "eth0"))?.State, "idle");
  cable.plug();
  await untilState(daemon, "eth0", "ready");
});

test("rules and routes of a link that vanished while the daemon was dead are taken away", async (t) => {
  const { cable } = await addLan(t, "router");
  const daemon = await startDaemon(t);
  await untilState(daemon, "eth0", "ready");
  await daemon.kill();
  cable.remove();
  assert.notDeepEqual(ownRules(), []);
  await daemon.launch();
  await until("no rule of ours is left", () => ownRules().length === 0);
});

test("settings of Service, Manager and Device are there again after SIGKILL", async (t) => {
  await addLan(t, "router");
  const daemon = await startDaemon(t);
  const path = String((await untilState(daemon, "eth0", "ready")).path);
  await daemon.setProperty(path, "Service", "Priority", "i", 7);
  await daemon.setProperty(path, "Service", "UIData", "s", "a panel's words");
  const fixed = { NameServers: variant("as", ["10.1.0.99"]) };
  await daemon.setProperty(path, "Service", "StaticIPConfig", "a{sv}", fixed);
  await daemon.setProperty("/", "Manager", "CheckPortalList", "s", "wifi");
  await daemon.kill();
  await daemon.launch();
  const service = await untilState(daemon, "eth0", "online");
  assert.deepEqual([service.Priority, service.UIData, service.AutoConnect], [7, "a panel's words", true]);
  assert.deepEqual(service.StaticIPConfig, { NameServers: ["10.1.0.99"] });
  assert.equal((await daemon.manager()).CheckPortalList, "wifi");
});

test("a disabled Device stays disabled over a restart, until it is enabled", async (t) => {
  await addLan(t, "router");
  const daemon = await startDaemon(t);
  await untilState(daemon, "eth0", "ready");
  await daemon.call("/device/eth0", "org.chromium.flimflam.Device", "Disable");
  assert.ok(!kernelLink("eth0").flags.includes("UP"));
  assert.deepEqual(addressesOf("eth0"), []);
  await daemon.kill();
  await daemon.launch();
  assert.equal((await daemon.properties("/device/eth0", "Device")).Powered, false);
  await daemon.call("/device/eth0", "org.chromium.flimflam.Device", "Enable");
  await untilState(daemon, "eth0", "ready");
});

test("the lease is kept over a restart in which the cable was out", async (t) => {
  const { cable, server } = await addLan(t, "router");
  const daemon = await startDaemon(t);
  await untilState(daemon, "eth0", "ready");
  const address = addressOf("eth0");
  cable.unplug();
  await untilState(daemon, "eth0", "idle");
  await daemon.kill();
  await daemon.launch();
  cable.plug();
  await untilState(daemon, "eth0", "ready");
  assert.equal(addressOf("eth0"), address);
  await until("the server wrote its log", () => times(server, "DHCPACK") === 2);
  assert.equal(times(server, "DHCPDISCOVER"), 1);
});

test("SIGINT and SIGTERM end it with 0, at any moment", async (t) => {
  await addLan(t, "router");
  const daemon = await startDaemon(t);
  const args = ["--bus-address", daemon.bus.address, "--state-dir", daemon.stateDir, "--run-dir", daemon.runDir];
  daemon.process.kill("SIGINT");
  daemon.process.kill("SIGTERM");
  assert.equal((await daemon.process.waitExit()).code, 0);
  const dbus = "org.freedesktop.DBus";
  const strangers = async () => {
    const [names] = await daemon.client.call(dbus, "/org/freedesktop/DBus", dbus, "ListNames");
    return (names as string[]).some((name) => name.startsWith(":") && name !== daemon.client.uniqueName);
  };
  const owned = async () => (await daemon.client.ownerOf(busName)) !== undefined;
  for (const reached of [strangers, owned]) {
    const starting = startDaemonProcess([], args);
    t.after(() => starting.end());
    await until("it is on its way", reached);
    starting.kill("SIGTERM");
    const { code } = await starting.waitExit();
    assert.equal(code, 0, starting.output());
  }
});
