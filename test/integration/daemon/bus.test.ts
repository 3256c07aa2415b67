import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { BusClient } from "../../harness/bus-client.ts";
import { busName, startDaemonProcess } from "../../harness/daemon.ts";
import { startPrivateBus } from "../../harness/private-bus.ts";
import { until } from "../../harness/until.ts";
import { addressOf, watchKernel } from "./kernel-view.ts";
import { addLan, startDaemon, untilState } from "./support.ts";

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

/** A daemon that must not start: its exit code and its lines. */
async function failedStart(t: TestContext, args: readonly string[], limitMs = 10_000) {
  const process = startDaemonProcess([], args);
  t.after(() => process.end());
  const { code } = await process.waitExit(limitMs);
  return { code, lines: process.output().trim().split("\n") };
}
function temporaryFolders(t: TestContext): string[] {
  const folder = mkdtempSync(join(tmpdir(), "fairlead-second-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return ["--state-dir", join(folder, "state"), "--run-dir", join(folder, "run")];
}

test("a second daemon on the same bus ends with 1 and one clear line, and changes nothing", async (t) => {
  await addLan(t, "router");
  const daemon = await startDaemon(t);
  await untilState(daemon, "eth0", "ready");
  const kernel = await watchKernel(t);
  const before = kernel.lines().length;
  const { code, lines } = await failedStart(t, ["--bus-address", daemon.bus.address, ...temporaryFolders(t)]);
  assert.equal(code, 1);
  assert.deepEqual(
    [lines.length, /org\.chromium\.flimflam is taken/.test(lines[0] ?? "")],
    [1, true],
    lines.join("\n"),
  );
  assert.deepEqual(kernel.lines().slice(before), []);
  await untilState(daemon, "eth0", "ready");
});

test("a second daemon on another bus with the same state folder ends with 1 and one clear line", async (t) => {
  const daemon = await startDaemon(t);
  const other = await startPrivateBus();
  t.after(() => other.remove());
  const args = [
    "--bus-address",
    other.address,
    "--state-dir",
    daemon.stateDir,
    "--run-dir",
    join(daemon.folder, "run2"),
  ];
  const { code, lines } = await failedStart(t, args);
  assert.equal(code, 1);
  assert.deepEqual([lines.length, /another fairleadd/i.test(lines[0] ?? "")], [1, true], lines.join("\n"));
  assert.ok(lines[0]?.includes(daemon.stateDir));
});

for (const [what, address] of [
  ["is not there", "unix:path=/nowhere/bus"],
  ["refuses connections", "unix:path=/etc/hostname"],
] as const) {
  test(`a bus that ${what}: exit code 1 and one line with its address`, async (t) => {
    const { code, lines } = await failedStart(t, ["--bus-address", address, ...temporaryFolders(t)]);
    assert.deepEqual([code, lines.length], [1, 1], lines.join("\n"));
    assert.ok(lines[0]?.includes(address.slice("unix:path=".length)), lines[0]);
  });
}

test("a name that another program holds: exit code 1 and one line", async (t) => {
  const bus = await startPrivateBus();
  t.after(() => bus.remove());
  const client = await BusClient.connect(bus.address);
  t.after(() => client.close());
  const daemonName = "org.freedesktop.DBus";
  await client.call(daemonName, "/org/freedesktop/DBus", daemonName, "RequestName", "su", [busName, 4]);
  const { code, lines } = await failedStart(t, ["--bus-address", bus.address, ...temporaryFolders(t)]);
  assert.deepEqual([code, lines.length], [1, 1], lines.join("\n"));
});
