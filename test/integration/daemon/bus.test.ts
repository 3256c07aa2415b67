import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { test } from "node:test";
import { BusClient } from "../../harness/bus-client.ts";
import { busName } from "../../harness/daemon.ts";
import { startPrivateBus } from "../../harness/private-bus.ts";
import { until } from "../../harness/until.ts";
import { failedStart, placeFor } from "./failed-start.ts";
import { addressOf, watchKernel } from "./kernel-view.ts";
import { addLan, startDaemon, untilState } from "./support.ts";

const dbus = "org.freedesktop.DBus";

test("the bus is restarted: the name and the objects are back, and no connection was dropped", async (t) => {
  const { cable } = await addLan(t, "router");
  const daemon = await startDaemon(t);
  await untilState(daemon, "eth0", "ready");
  const kernel = await watchKernel(t);
  await daemon.bus.restart();
  const client = await BusClient.connect(daemon.bus.address);
  t.after(() => client.close());
  await client.listen(`type='signal',sender='${busName}'`);
  await until("the name is back", () => client.ownerOf(busName));
  const [manager] = await client.call(busName, "/", "org.chromium.flimflam.Manager", "GetProperties");
  const { Services, Devices } = manager as { Services: string[]; Devices: string[] };
  assert.deepEqual(Devices, ["/device/eth0"]);
  const service = String(Services[0]);
  const [properties] = await client.call(busName, service, "org.chromium.flimflam.Service", "GetProperties");
  assert.equal((properties as { State: string }).State, "ready");
  assert.deepEqual(kernel.deleted(), []);
  cable.unplug();
  await client.untilSignal("idle is told", ({ member, args }) => member === "PropertyChanged" && args[1] === "idle");
});

test("the cable is pulled while the bus is away: the daemon acts, and says so when the bus is back", async (t) => {
  const { cable } = await addLan(t, "router");
  const daemon = await startDaemon(t);
  await untilState(daemon, "eth0", "ready");
  await daemon.bus.stop();
  cable.unplug();
  await until("the address is gone", () => addressOf("eth0") === undefined);
  await daemon.bus.start();
  const client = await BusClient.connect(daemon.bus.address);
  t.after(() => client.close());
  await until("the name is back", () => client.ownerOf(busName));
  const [manager] = await client.call(busName, "/", "org.chromium.flimflam.Manager", "GetProperties");
  assert.equal((manager as { ConnectionState: string }).ConnectionState, "idle");
});

test("a bus that is frozen does not keep the daemon from acting, and hears of it later", async (t) => {
  const { cable } = await addLan(t, "router");
  const daemon = await startDaemon(t);
  await untilState(daemon, "eth0", "ready");
  daemon.bus.process.kill("SIGSTOP");
  cable.unplug();
  await until("the address is gone", () => addressOf("eth0") === undefined);
  cable.plug();
  await until("the address is back", () => addressOf("eth0") !== undefined, 10_000);
  daemon.bus.process.kill("SIGCONT");
  await untilState(daemon, "eth0", "ready");
  const told = daemon.client.signals.flatMap(({ args: [name, value] }) => (name === "State" ? [value] : []));
  assert.deepEqual(told.slice(-3), ["idle", "configuration", "ready"]);
});

test("a daemon that finds its name taken when the bus is back ends with 1, and leaves the connection as it is", async (t) => {
  await addLan(t, "router");
  const daemon = await startDaemon(t);
  await untilState(daemon, "eth0", "ready");
  const kernel = await watchKernel(t);
  daemon.process.kill("SIGSTOP");
  await daemon.bus.restart();
  const client = await BusClient.connect(daemon.bus.address);
  t.after(() => client.close());
  await client.call(dbus, "/org/freedesktop/DBus", dbus, "RequestName", "su", [busName, 4]);
  daemon.process.kill("SIGCONT");
  assert.equal((await daemon.process.waitExit(10_000)).code, 1);
  assert.match(daemon.log(), /org\.chromium\.flimflam was taken/);
  assert.deepEqual(kernel.deleted(), []);
});

test("a second daemon on the same bus ends with 1 and one clear line, and changes nothing", async (t) => {
  await addLan(t, "router");
  const daemon = await startDaemon(t);
  await untilState(daemon, "eth0", "ready");
  const kernel = await watchKernel(t);
  const before = kernel.lines().length;
  const { args } = await placeFor(t, daemon.bus.address);
  const { code, line } = await failedStart(t, args);
  assert.equal(code, 1);
  assert.match(line, /org\.chromium\.flimflam is taken/);
  assert.deepEqual(kernel.lines().slice(before), []);
  await untilState(daemon, "eth0", "ready");
});

test("a second daemon on another bus with the same state folder ends with 1 and one clear line", async (t) => {
  const daemon = await startDaemon(t);
  const other = await startPrivateBus();
  t.after(() => other.remove());
  const { run } = await placeFor(t, other.address);
  const args = ["--bus-address", other.address, "--state-dir", daemon.stateDir, "--run-dir", run];
  const { code, line } = await failedStart(t, args);
  assert.equal(code, 1);
  assert.match(line, /another fairleadd/i);
  assert.ok(line.includes(daemon.stateDir));
});

for (const [what, file] of [
  ["is not there", "/nowhere/bus"],
  ["refuses connections", "/etc/hostname"],
] as const) {
  test(`a bus that ${what}: exit code 1 and one line with its address`, async (t) => {
    const { args, state } = await placeFor(t, `unix:path=${file}`);
    const { code, line } = await failedStart(t, args);
    assert.equal(code, 1);
    assert.ok(line.includes(file), line);
    assert.equal(existsSync(state), false);
  });
}

test("a name that another program holds: exit code 1 and one line", async (t) => {
  const bus = await startPrivateBus();
  t.after(() => bus.remove());
  const client = await BusClient.connect(bus.address);
  t.after(() => client.close());
  await client.call(dbus, "/org/freedesktop/DBus", dbus, "RequestName", "su", [busName, 4]);
  const { args } = await placeFor(t, bus.address);
  const { code, line } = await failedStart(t, args);
  assert.equal(code, 1);
  assert.match(line, /org\.chromium\.flimflam is taken/);
});
