import assert from "node:assert/strict";
import { test } from "node:test";
import { DaemonError } from "../../../src/base/errors.ts";
import { entry, FakeDaemon } from "./fake-daemon.ts";

/** eth1's Service goes through these states when it is asked to connect. */
function connecting(daemon: FakeDaemon, ...states: string[]): void {
  daemon.answers.set("/service/1 Connect", () => {
    for (const state of states) daemon.at("/service/1").set("State", state);
    return undefined;
  });
}
const started = async (daemon: FakeDaemon, ...args: string[]) => {
  const running = daemon.start(args);
  await daemon.clock.settle();
  return running;
};

test("connect takes a link, a path, a number, or a name that only one Service has", async (t) => {
  const daemon = await FakeDaemon.start(t);
  connecting(daemon, "association");
  daemon.at("/service/1").set("Name", "Office");
  daemon.at("/service/1").why = entry({ StateReason: ["s", "looking for it on wlan0"] });
  for (const word of ["eth1", "/service/1", "1", "Office", "service:eth1", "device:eth1", "/device/eth1"]) {
    daemon.at("/service/1").set("State", "idle");
    const { code, out, err } = await daemon.run("connect", word);
    assert.equal(err, "");
    assert.equal(code, 0);
    assert.equal(out, "Office on eth1: association; looking for it on wlan0\n");
    assert.deepEqual(daemon.calls.at(-1), { path: "/service/1", member: "Connect", args: [] });
  }
});

test("a name that several Services have is refused with a list of them", async (t) => {
  const daemon = await FakeDaemon.start(t);
  const { code, err } = await daemon.run("connect", "Ethernet");
  assert.equal(code, 2);
  assert.equal(
    err,
    `fairlead: "Ethernet" means 2 objects; say which:
  service:eth0  Ethernet on eth0, online, /service/0
  service:eth1  Ethernet on eth1, idle, /service/1
`,
  );
  assert.deepEqual(daemon.calls, []);
});

test("a refusal of the daemon ends with 1 and its error", async (t) => {
  const daemon = await FakeDaemon.start(t);
  daemon.answers.set("/service/0 Connect", new DaemonError("AlreadyConnected"));
  const { code, err } = await daemon.run("connect", "eth0");
  assert.equal(code, 1);
  assert.equal(err, "fairlead: org.chromium.flimflam.Error.AlreadyConnected: Already connected\n");
});

test("without --wait it says where the Service stands, and why it does not move", async (t) => {
  const daemon = await FakeDaemon.start(t);
  daemon.at("/service/1").why = entry({ AutoConnectRefusal: ["s", "connection medium unavailable"] });
  const { code, out } = await daemon.run("connect", "eth1");
  assert.equal(code, 0);
  assert.equal(out, "Ethernet on eth1: idle; nothing is plugged in or in range\n");
});

test("--wait ends with 0 as soon as the Service is connected", async (t) => {
  const daemon = await FakeDaemon.start(t);
  connecting(daemon, "association", "configuration");
  const running = await started(daemon, "connect", "eth1", "--wait", "10", "--json");
  assert.equal(running.out, "");
  daemon.at("/service/1").set("State", "ready");
  const { code, out } = await running.ended;
  assert.equal(code, 0);
  assert.deepEqual(JSON.parse(out), { path: "/service/1", name: "Ethernet", state: "ready", reason: "" });
});

test("--wait ends with 1 at a failure, with the Service's error and its reason", async (t) => {
  const daemon = await FakeDaemon.start(t);
  connecting(daemon, "configuration");
  const running = await started(daemon, "connect", "eth1", "--wait", "10");
  daemon.at("/service/1").set("ErrorDetails", "nobody answered in 30 s");
  daemon.at("/service/1").set("Error", "dhcp-failed");
  daemon.at("/service/1").set("State", "failure");
  assert.deepEqual(await running.ended, { code: 1, out: "", err: "fairlead: dhcp-failed: nobody answered in 30 s\n" });
});

test("a failure from before the call is not taken for its result", async (t) => {
  const daemon = await FakeDaemon.start(t);
  daemon.at("/service/1").set("State", "failure");
  connecting(daemon, "idle", "association");
  const running = await started(daemon, "connect", "eth1", "--wait", "10");
  daemon.at("/service/1").set("State", "online");
  assert.equal((await running.ended).code, 0);
});

test("--wait ends when the Service stands still again", async (t) => {
  const daemon = await FakeDaemon.start(t);
  connecting(daemon, "configuration");
  daemon.at("/service/1").why = entry({ StateReason: ["s", "carrier lost"] });
  const running = await started(daemon, "connect", "eth1", "--wait", "10");
  daemon.at("/service/1").set("State", "idle");
  assert.deepEqual(await running.ended, { code: 1, out: "", err: "fairlead: idle: carrier lost\n" });
});

test("--wait gives up after its time, and says how far it came", async (t) => {
  const daemon = await FakeDaemon.start(t);
  connecting(daemon, "configuration");
  const running = await started(daemon, "connect", "eth1", "--wait", "2.5");
  await daemon.clock.advanceSettled(2_499);
  assert.equal(running.err, "");
  await daemon.clock.advanceSettled(1);
  const { code, err } = await running.ended;
  assert.equal(code, 1);
  assert.equal(err, "fairlead: timeout: still in state configuration after 2.5 s\n");
});

test("--wait is content with a connection that is there already, or on its way", async (t) => {
  const daemon = await FakeDaemon.start(t);
  daemon.answers.set("/service/0 Connect", new DaemonError("AlreadyConnected"));
  assert.equal((await daemon.run("connect", "eth0", "--wait", "1")).out, "Ethernet on eth0: online\n");
  daemon.answers.set("/service/1 Connect", new DaemonError("InProgress"));
  daemon.at("/service/1").set("State", "configuration");
  const running = await started(daemon, "connect", "eth1", "--wait", "10");
  daemon.at("/service/1").set("State", "ready");
  assert.equal((await running.ended).code, 0);
});

test("--wait ends with 1 when the Service goes away, and with 3 when the daemon does", async (t) => {
  const daemon = await FakeDaemon.start(t);
  connecting(daemon, "configuration");
  const first = await started(daemon, "connect", "eth1", "--wait", "10");
  daemon.at("/service/1").remove();
  assert.equal((await first.ended).code, 1);
  connecting(daemon);
  daemon.at("/service/0").set("State", "association");
  const second = await started(daemon, "connect", "eth0", "--wait", "10");
  await daemon.vanish();
  const { code, err } = await second.ended;
  assert.equal(code, 3);
  assert.match(err, /the daemon/);
});

test("disconnect tells the state after it; with --wait it waits for the end", async (t) => {
  const daemon = await FakeDaemon.start(t);
  daemon.answers.set("/service/0 Disconnect", () => {
    daemon.at("/service/0").set("State", "disconnecting");
    return undefined;
  });
  assert.equal((await daemon.run("disconnect", "eth0")).out, "Ethernet on eth0: disconnecting\n");
  const running = await started(daemon, "disconnect", "eth0", "--wait", "5");
  assert.equal(running.out, "");
  daemon.at("/service/0").set("State", "idle");
  assert.deepEqual(await running.ended, { code: 0, out: "Ethernet on eth0: idle\n", err: "" });
});

test("a Device without a Service cannot be connected", async (t) => {
  const daemon = await FakeDaemon.start(t);
  daemon.add("/device/wlan0", "Device", {
    Interface: ["s", "wlan0"],
    Type: ["s", "wifi"],
    SelectedService: ["o", "/"],
    Powered: ["b", true],
  });
  daemon.at("/").set("Devices", ["/device/wlan0"]);
  const { code, err } = await daemon.run("connect", "wlan0");
  assert.equal(code, 2);
  assert.match(err, /wlan0 has no Service\nsee: fairlead services --all/);
  daemon.at("/device/wlan0").set("Powered", false);
  assert.match((await daemon.run("connect", "wlan0")).err, /wlan0 is disabled\nenable it: fairlead enable wifi/);
});

test("--wait ends with the reason of a failure that the next attempt has followed already", async (t) => {
  const daemon = await FakeDaemon.start(t);
  connecting(daemon, "configuration");
  const running = await started(daemon, "connect", "eth1", "--wait", "60");
  const service = daemon.at("/service/1");
  service.why = entry({ LastFailure: ["s", "dhcp-failed: no DHCP server answered in time"] });
  service.set("PreviousError", "dhcp-failed");
  service.set("PreviousErrorSerialNumber", 1);
  const { code, err } = await running.ended;
  assert.equal(code, 1);
  assert.equal(err, "fairlead: dhcp-failed: no DHCP server answered in time\n");
});

test("--wait that is over says what is being done just then", async (t) => {
  const daemon = await FakeDaemon.start(t);
  connecting(daemon, "configuration");
  daemon.at("/service/1").why = entry({ Progress: ["s", "DHCP asks for an address"] });
  const running = await started(daemon, "connect", "eth1", "--wait", "2");
  await daemon.clock.advanceSettled(2_000);
  const { code, err } = await running.ended;
  assert.equal(code, 1);
  assert.match(err, /still in state configuration after 2 s: DHCP asks for an address/);
});
