import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { FakeDaemon, type Running, type RunOptions } from "./fake-daemon.ts";

async function monitoring(t: TestContext, args: readonly string[] = [], options: RunOptions = {}) {
  const daemon = await FakeDaemon.start(t);
  const monitor = daemon.start(["monitor", ...args], options);
  await daemon.clock.settle();
  return { daemon, monitor };
}
/** Output since the last look, without the times. */
function newLines(monitor: Running): readonly string[] {
  const lines = monitor.out.split("\n").slice(0, -1);
  monitor.out = "";
  return lines.map((line) => line.replace(/^\d\d:\d\d:\d\d\.\d{3} {2}/, "").replace(/ {2,}/g, " "));
}

test("a change is told once, with the object's name, the value before and after", async (t) => {
  const { daemon, monitor } = await monitoring(t);
  daemon.at("/service/0").set("Priority", 3);
  daemon.at("/service/0").set("Priority", 3);
  daemon.at("/device/eth1").set("Ethernet.LinkUp", true);
  await daemon.clock.settle();
  assert.deepEqual(newLines(monitor), ["Ethernet on eth0 Priority: 0 -> 3", "eth1 Ethernet.LinkUp: false -> true"]);
});

test("a state comes with the reason that the daemon gave for it", async (t) => {
  const { daemon, monitor } = await monitoring(t);
  daemon.event("service-state-changed", "/service/1", "idle -> configuration: auto-connect");
  daemon.at("/service/1").set("Error", "none at all");
  daemon.at("/service/1").set("State", "configuration");
  daemon.at("/service/1").set("State", "ready");
  await daemon.clock.settle();
  assert.deepEqual(newLines(monitor), [
    "Ethernet on eth1 Error: no-failure -> none at all",
    "Ethernet on eth1 State: idle -> configuration (auto-connect)",
    "Ethernet on eth1 State: configuration -> ready",
  ]);
});

test("paths are told as names, and lists of them too", async (t) => {
  const { daemon, monitor } = await monitoring(t);
  daemon.at("/").set("DefaultService", "/service/1");
  daemon.at("/").set("Devices", ["/device/eth1"]);
  daemon.at("/").set("DefaultService", "/");
  await daemon.clock.settle();
  assert.deepEqual(newLines(monitor), [
    "manager DefaultService: Ethernet on eth0 -> Ethernet on eth1",
    "manager Devices: eth0, eth1 -> eth1",
    "manager DefaultService: Ethernet on eth1 -> none",
  ]);
});

test("objects that come and go, and other events, are told", async (t) => {
  const { daemon, monitor } = await monitoring(t);
  const device = daemon.add("/device/usb0", "Device", { Interface: ["s", "usb0"] });
  daemon.event("default-service-changed", "/service/1", "the best one");
  await daemon.clock.settle();
  device.remove();
  await daemon.clock.settle();
  assert.deepEqual(newLines(monitor), [
    "Ethernet on eth1 default-service-changed (the best one)",
    "usb0 device is there",
    "usb0 device is gone",
  ]);
});

test("a property that ends is told as none", async (t) => {
  const { daemon, monitor } = await monitoring(t);
  daemon.at("/service/0").set("Device", undefined);
  await daemon.clock.settle();
  assert.deepEqual(newLines(monitor), ["Ethernet on eth0 Device: eth0 -> none"]);
});

test("a dictionary that is emptied is told as none", async (t) => {
  const { daemon, monitor } = await monitoring(t);
  daemon.at("/service/0").set("StaticIPConfig", new Map([["Mtu", { signature: "i", value: 1400 }]]));
  daemon.at("/service/0").set("StaticIPConfig", new Map());
  await daemon.clock.settle();
  assert.deepEqual(newLines(monitor), [
    "Ethernet on eth0 StaticIPConfig: none -> Mtu=1400",
    "Ethernet on eth0 StaticIPConfig: Mtu=1400 -> none",
  ]);
});

test("times and counters that follow from other changes are told with --all only", async (t) => {
  const { daemon, monitor } = await monitoring(t);
  const all = daemon.start(["monitor", "--all"]);
  await daemon.clock.settle();
  daemon.at("/service/0").set("LastConnected", 13_000_000_000_000n);
  await daemon.clock.settle();
  assert.deepEqual(newLines(monitor), []);
  assert.match(newLines(all)[0] ?? "", /^Ethernet on eth0 LastConnected: never -> 2012-12-1\d /);
});

test("--json gives one object a line", async (t) => {
  const { daemon, monitor } = await monitoring(t, ["--json"]);
  daemon.at("/service/0").set("Priority", 3);
  daemon.event("carrier-changed", "/device/eth0", "no carrier");
  await daemon.clock.settle();
  const lines = monitor.out
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  const time = new Date(daemon.clock.wallTime()).toISOString();
  assert.deepEqual(lines, [
    {
      time,
      kind: "property-changed",
      path: "/service/0",
      objectKind: "service",
      object: "Ethernet on eth0",
      property: "Priority",
      old: 0,
      new: 3,
      because: "",
    },
    {
      time,
      kind: "event",
      path: "/device/eth0",
      objectKind: "device",
      object: "eth0",
      type: "carrier-changed",
      because: "no carrier",
    },
  ]);
});

test("Ctrl-C ends it with 0 and it listens no more", async (t) => {
  const { daemon, monitor } = await monitoring(t);
  monitor.interrupt();
  assert.deepEqual(await monitor.ended, { code: 0, out: "", err: "" });
  daemon.at("/service/0").set("Priority", 3);
  await daemon.clock.settle();
  assert.equal(monitor.out, "");
});

test("it outlives a restart of the daemon and says so", async (t) => {
  const { daemon, monitor } = await monitoring(t);
  await daemon.vanish();
  await daemon.clock.settle();
  assert.deepEqual(newLines(monitor), ["the daemon is gone; waiting for it"]);
  await daemon.appear();
  await daemon.clock.settle();
  assert.deepEqual(newLines(monitor), ["the daemon is back"]);
  daemon.at("/service/0").set("Priority", 3);
  await daemon.clock.settle();
  assert.deepEqual(newLines(monitor), ["Ethernet on eth0 Priority: 0 -> 3"]);
});

test("it outlives a restart of the bus and says so", async (t) => {
  const { daemon, monitor } = await monitoring(t);
  daemon.bus.stop();
  await daemon.clock.settle();
  assert.deepEqual(newLines(monitor).toSorted(), [
    "the daemon is gone; waiting for it",
    "the message bus is gone; waiting for it",
  ]);
  await daemon.bus.start();
  await daemon.clock.settle();
  assert.deepEqual(newLines(monitor).toSorted(), ["the daemon is back", "the message bus is back"]);
  daemon.at("/service/0").set("Priority", 3);
  await daemon.clock.settle();
  assert.deepEqual(newLines(monitor), ["Ethernet on eth0 Priority: 0 -> 3"]);
});

test("signals of strangers are not believed", async (t) => {
  const { daemon, monitor } = await monitoring(t);
  const stranger = await daemon.connect();
  const lie = ["State", { signature: "s", value: "failure" }];
  stranger.emit("/service/0", "org.chromium.flimflam.Service", "PropertyChanged", "sv", lie);
  await daemon.clock.settle();
  assert.equal(monitor.out, "");
});

test("control characters of a name do not reach the terminal", async (t) => {
  const { daemon, monitor } = await monitoring(t, [], { columns: 60, env: { NO_COLOR: "1" } });
  daemon.at("/service/0").set("UIData", "\x1b[2J\r\n\u202e");
  daemon.event("odd\x1b[31m", "/service/0", "\x07bell");
  await daemon.clock.settle();
  for (const control of ["\x1b", "\x07", "\r", "\u202e"]) assert.equal(monitor.out.includes(control), false);
  assert.equal(newLines(monitor).length, 2);
});
