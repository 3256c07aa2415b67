import assert from "node:assert/strict";
import { chmodSync } from "node:fs";
import { type TestContext, test } from "node:test";
import type { CallError } from "../../harness/bus-client.ts";
import { busName, type DaemonOptions, type TestDaemon } from "../../harness/daemon.ts";
import { startPrivateBus } from "../../harness/private-bus.ts";
import { tryRun } from "../../harness/processes.ts";
import { until } from "../../harness/until.ts";
import { RawPeer } from "../bus/raw-peer.ts";
import { residentMiB } from "./kernel-view.ts";
import { addLan, serviceOn, startDaemon, untilState } from "./support.ts";

const flimflam = (name: string) => `org.chromium.flimflam.${name}`;

async function connectedDaemon(
  t: TestContext,
  options: DaemonOptions = {},
): Promise<{ daemon: TestDaemon; service: string }> {
  await addLan(t, "router");
  const daemon = await startDaemon(t, options);
  const { path } = await untilState(daemon, "eth0", "ready");
  return { daemon, service: String(path) };
}

test("a client that never reads its signals costs the daemon nothing", async (t) => {
  const { daemon, service } = await connectedDaemon(t);
  const deaf = await RawPeer.connect(t, daemon.bus.address);
  const rule = `type='signal',sender='${busName}'`;
  const addMatch = { path: "/", interface: "org.freedesktop.DBus", member: "AddMatch", signature: "s", body: [rule] };
  await deaf.call(addMatch);
  deaf.stopReading();
  const before = residentMiB(daemon.process.pid);
  for (let round = 0; round < 300; round++) {
    await daemon.setProperty(service, "Service", "UIData", "s", `${round}${"x".repeat(50_000)}`);
  }
  assert.match(String((await daemon.properties(service, "Service")).UIData), /^299x/);
  const grown = residentMiB(daemon.process.pid) - before;
  assert.ok(grown < 80, `${grown} MiB more`);
});

test("a client that never reads its replies is cut off; others are answered", async (t) => {
  const { daemon } = await connectedDaemon(t);
  const before = residentMiB(daemon.process.pid);
  const deaf = await RawPeer.connect(t, daemon.bus.address);
  deaf.stopReading();
  const ask = { type: 1, destination: busName, path: "/", interface: flimflam("Manager"), member: "GetProperties" };
  for (let count = 0; count < 20_000; count++) deaf.sendMessage(ask);
  for (let count = 0; count < 100; count++) await daemon.manager();
  const grown = residentMiB(daemon.process.pid) - before;
  assert.ok(grown < 80, `${grown} MiB more`);
});

test("a thousand calls of one client in flight are each answered once", async (t) => {
  // dbus-daemon itself would allow 128.
  const bus = await startPrivateBus({ limits: { max_replies_per_connection: 5000 } });
  t.after(() => bus.remove());
  const { daemon, service } = await connectedDaemon(t, { bus });
  const outcome = (call: Promise<unknown>) =>
    call.then(
      () => "done",
      (error: CallError) => error.busName,
    );
  const calls = Array.from({ length: 1000 }, (_, at) =>
    at % 2 ? daemon.properties(service, "Service") : daemon.setProperty(service, "Service", "UIData", "s", String(at)),
  );
  const outcomes = new Map<string, number>();
  for (const each of await Promise.all(calls.map(outcome))) outcomes.set(each, (outcomes.get(each) ?? 0) + 1);
  // No more than 128 may be unfinished at a time, and those that change something take a while.
  assert.deepEqual(
    [...outcomes.keys()].filter((name) => !/^done$|LimitsExceeded$/.test(name)),
    [],
  );
  assert.ok((outcomes.get("done") ?? 0) >= 500, [...outcomes].join());
  await daemon.setProperty(service, "Service", "UIData", "s", "served again");
});

test("bytes that are no message cost their sender the connection, and other clients nothing", async (t) => {
  const { daemon } = await connectedDaemon(t);
  const peer = await RawPeer.connect(t, daemon.bus.address);
  peer.sendMessage(
    { type: 1, destination: busName, path: "/", interface: flimflam("Manager"), member: "GetProperties" },
    (bytes) => {
      bytes.fill(0xff, 4, 16);
    },
  );
  await until("the bus dropped the sender", () => peer.isClosed);
  assert.equal((await daemon.manager()).ConnectionState, "ready");
});

test("another user may read everything and change nothing", async (t) => {
  const { daemon, service } = await connectedDaemon(t);
  chmodSync(daemon.bus.folder, 0o755);
  const asUser = (object: string, method: string, ...args: string[]) => {
    const call = [
      "gdbus",
      "call",
      "-a",
      daemon.bus.address,
      "-d",
      busName,
      "-o",
      object,
      "-m",
      flimflam(method),
      ...args,
    ];
    return tryRun("setpriv", ["--reuid=1000", "--regid=1000", "--clear-groups", ...call]);
  };
  const read = asUser("/", "Manager.GetProperties");
  if (/setresuid|setgroups/.test(read.stderr)) return t.skip("this namespace has no second user");
  assert.equal(read.code, 0, read.stderr);
  for (const [object, method, ...args] of [
    [service, "Service.SetProperty", "Priority", "<9>"],
    [service, "Service.ClearProperty", "Priority"],
    [service, "Service.Disconnect"],
    ["/device/eth0", "Device.Disable"],
    ["/", "Manager.SetProperty", "CheckPortalList", "<''>"],
    ["/", "Manager.DisableTechnology", "ethernet"],
    ["/", "Manager.ClaimInterface", "me", "eth0"],
  ] as const) {
    const refused = asUser(object, method, ...args);
    assert.match(refused.stderr, /org\.chromium\.flimflam\.Error\.PermissionDenied/, method);
  }
  assert.equal((await serviceOn(daemon, "eth0"))?.State, "ready");
});
