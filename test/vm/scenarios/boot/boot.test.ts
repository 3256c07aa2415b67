import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { run, tryRun } from "../../../harness/processes.ts";
import { until } from "../../../harness/until.ts";
import { addLan, plugIn, startServer, untilState } from "../../../integration/daemon/support.ts";
import { as } from "../../guest/booted-system.ts";
import { assertConfined } from "../../guest/confinement.ts";
import { watchContinuity } from "../../guest/continuity.ts";
import type { InstalledDaemon } from "../../guest/installed-daemon.ts";
import { patienceMs } from "../../guest/patience.ts";
import { scenario } from "../../guest/scene.ts";

const waitUnit = "fairlead-wait-online.service";
const getsProperties = ["call", "org.chromium.flimflam", "/", "org.chromium.flimflam.Manager", "GetProperties"];
const isAnswered = () => tryRun("busctl", ["--auto-start=no", ...getsProperties]).code === 0;
const stateOf = async (daemon: InstalledDaemon, unit?: string) =>
  (await daemon.show(["ActiveState"], unit)).ActiveState;

scenario("the machine is online for systemd when it is; a daemon that was stopped comes with a call", async (scene) => {
  const daemon = await scene.installDaemon(["fairlead.service", waitUnit]);
  const peer = scene.addPeer("router");
  plugIn(scene.t, "eth0", peer, { peerLink: "lan", address: "10.1.0.1/24" });
  for (const target of ["network.target", "network-online.target"]) {
    assert.equal(await stateOf(daemon, target), "inactive", "no other unit reaches it");
  }
  daemon.systemctl("start", "--no-block", "network-online.target");
  await until("the daemon has told that it is ready", async () => (await stateOf(daemon)) === "active", patienceMs);
  assert.ok(isAnswered(), "a ready daemon has its name, and answers");
  await until("the other program waits", async () => (await stateOf(daemon, waitUnit)) === "activating", patienceMs);
  assertConfined(Number((await daemon.show(["MainPID"], waitUnit)).MainPID), []);
  assert.equal(await stateOf(daemon, "network.target"), "active", "links may be used");
  assert.equal(await stateOf(daemon, "network-online.target"), "inactive", "there is no lease");

  await startServer(scene.t, peer, "10.1.0");
  await until("it is online", async () => (await stateOf(daemon, "network-online.target")) === "active", patienceMs);
  assert.equal(await stateOf(daemon, waitUnit), "active", "not because the unit has given up");
  await untilState(daemon, "eth0", "ready", patienceMs);
  await assertOrder(daemon);

  const connection = await watchContinuity(scene, "eth0", "10.1.0.1");
  daemon.systemctl("stop", "fairlead.service");
  await assertStoppedInOrder(daemon);
  await connection.assertUnbroken("a stop");
  assert.ok(!isAnswered(), "it is gone");
  assert.equal(as("alice", "busctl", "--system", ...getsProperties).code, 0);
  await until("it is ready again", async () => (await stateOf(daemon)) === "active", patienceMs);
  await connection.assertUnbroken("a start by a call");
  await assertJournal();
});

/** Of one transaction, by the moments systemd has noted. */
async function assertOrder(daemon: InstalledDaemon): Promise<void> {
  const moment = "ActiveEnterTimestampMonotonic";
  const reached = async (unit: string) => Number((await daemon.show([moment], unit))[moment]);
  const units = ["fairlead.service", "network.target", waitUnit, "network-online.target"];
  const order = await Promise.all(units.map(reached));
  assert.deepEqual(
    order,
    [...order].sort((a, b) => a - b),
  );
  const { After, Before } = await daemon.show(["After", "Before"]);
  assert.match(After, /\bdbus\.service\b/, "at shutdown it may say goodbye before the bus goes");
  assert.match(After, /\bnetwork-pre\.target\b/, "firewalls are up before it");
  assert.match(Before, /\bshutdown\.target\b/);
}

async function assertStoppedInOrder(daemon: InstalledDaemon): Promise<void> {
  const end = await daemon.show(["Result", "ExecMainCode", "ExecMainStatus", "NRestarts", "ActiveState"]);
  const hasExited = "1";
  const clean = { Result: "success", ExecMainCode: hasExited, ExecMainStatus: "0" };
  assert.deepEqual(end, { ...clean, NRestarts: "0", ActiveState: "inactive" });
  assert.ok(existsSync("/run/fairlead/resolv.conf"), "name servers outlive it");
}

/** After two starts and a stop. The daemon writes the lines of its start when it has time. */
async function assertJournal(): Promise<void> {
  const saying = (words: string) => journal().filter(({ MESSAGE = "" }) => MESSAGE.includes(words));
  await until("both starts are told", () => saying("is ready: 1 devices").length === 2, patienceMs);
  assert.equal(saying("stopping: SIGTERM").length, 1);
  assert.ok(
    saying("is ready").every(({ PRIORITY }) => PRIORITY === "6"),
    "with its level",
  );
  const worse = journal().filter(({ PRIORITY }) => Number(PRIORITY) < 6);
  assert.deepEqual(
    worse.map(({ MESSAGE }) => MESSAGE),
    [],
    "nothing is amiss on a machine in order",
  );
}

/** The daemon's own lines. */
function journal(): readonly Readonly<Record<string, string>>[] {
  const lines = run("journalctl", ["--boot", "--output=json", "--unit=fairlead.service", "_TRANSPORT=stdout"]);
  return lines
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
}

scenario("after any end of the daemon systemd has it back, and the connection never notices", async (scene) => {
  const daemon = await scene.installDaemon();
  const lan = await addLan(scene.t, "router");
  daemon.override("WatchdogSec=8");
  daemon.systemctl("start", "fairlead.service");
  await untilState(daemon, "eth0", "ready", patienceMs);
  const connection = await watchContinuity(scene, "eth0", "10.1.0.1");
  const survives = async (what: string, happen: () => void) => {
    const before = await daemon.pid();
    happen();
    await daemon.untilReplaced(before);
    await untilState(daemon, "eth0", "ready", patienceMs);
    await connection.assertUnbroken(what);
  };
  const kill = (signal: string) => daemon.systemctl("kill", "--kill-whom=main", `--signal=${signal}`, daemon.unit);

  await survives("a restart", () => void daemon.systemctl("restart", daemon.unit));
  await survives("a crash", () => void kill("KILL"));
  const pat = async () => Number((await daemon.show(["WatchdogTimestampMonotonic"])).WatchdogTimestampMonotonic);
  const started = await pat();
  await until("the watchdog is patted", async () => (await pat()) > started, patienceMs);
  await survives("a hang", () => void kill("STOP"));
  await until("the journal has the reason", () => /Watchdog timeout/.test(daemon.log()), patienceMs);
  assert.doesNotMatch(lan.server.log(), /DHCPRELEASE/);
});
