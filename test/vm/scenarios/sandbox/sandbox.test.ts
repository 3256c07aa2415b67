import assert from "node:assert/strict";
import { existsSync, lstatSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { variant } from "../../../harness/bus-client.ts";
import { type RunResult, run, tryRun } from "../../../harness/processes.ts";
import { until } from "../../../harness/until.ts";
import { addLan, plugIn, serviceOn, untilState } from "../../../integration/daemon/support.ts";
import { asksManager, assertRefused, isInhibited } from "../../guest/booted-system.ts";
import { InstalledDaemon } from "../../guest/installed-daemon.ts";
import { patienceMs } from "../../guest/patience.ts";
import { type Scene, scenario } from "../../guest/scene.ts";

const state = "/var/lib/fairlead";
const numberOf = (user: string) => Number(run("id", ["-u", user]));
const ip = (...args: string[]) => run("ip", ["-4", ...args]);
const below = (folder: string) =>
  readdirSync(folder, { recursive: true, encoding: "utf8" }).map((name) => `${folder}/${name}`);
const ownersOf = (folder: string) => [...new Set([folder, ...below(folder)].map((path) => lstatSync(path).uid))];

scenario(
  "under the shipped unit every part works, with the settings that root's daemon left, and no more than that",
  async (scene) => {
    const daemon = await scene.installDaemon();
    const lab = scene.addPeer("lab");
    plugIn(scene.t, "eth1", lab, { peerLink: "lab", address: "10.2.0.1/24" });
    await runAsRoot(scene, daemon);

    InstalledDaemon.configure(['default-technology-order = ["wifi", "ethernet"]']);
    daemon.systemctl("start", daemon.unit);
    assert.deepEqual(ownersOf(state), [numberOf("fairlead")], "the settings went over to it");
    await untilState(daemon, "eth1", "ready", patienceMs);
    await addLan(scene.t, "router");
    await untilState(daemon, "eth0", "ready", patienceMs);
    await assertNetwork(scene, daemon);
    assertRights();
    await assertProfiles(daemon);
    await assertDebugging(daemon);
    await until("logind lists the inhibitor", () => isInhibited(daemon), patienceMs);
    const complaints = run("journalctl", ["--boot", "--unit", daemon.unit, "--priority=warning", "--output=cat"]);
    assert.equal(complaints, "");
    assert.doesNotMatch(run("journalctl", ["--boot", "--unit=dbus.service"]), /fairlead" in message bus config/);
    assertRestrictions(await daemon.pid());
    const { MemoryMax, TasksMax } = await daemon.show(["MemoryMax", "TasksMax"]);
    assert.deepEqual([MemoryMax, TasksMax], [String(768 * 1024 * 1024), "128"]);
    logRefusedCalls(daemon);
    await assertNoCoreDump(daemon);
    await assertNoRefusedCalls(daemon);
  },
);

/** As before there was a unit: the daemon is root, and keeps a static address. */
async function runAsRoot(scene: Scene, daemon: InstalledDaemon): Promise<void> {
  const byHand = scene.start("/usr/local/sbin/fairleadd", []);
  await until("root's daemon answers", () => daemon.manager(), patienceMs);
  const { path } = await until("it has the cable", () => serviceOn(daemon, "eth1"), patienceMs);
  const address = { Address: variant("s", "10.2.0.5"), Prefixlen: variant("i", 24) };
  await daemon.setProperty(String(path), "Service", "StaticIPConfig", "a{sv}", address);
  await untilState(daemon, "eth1", "ready", patienceMs);
  await byHand.end(patienceMs);
  assert.equal(byHand.ended?.code, 0, byHand.output());
  assert.deepEqual(ownersOf(state), [0]);
}

async function assertNetwork(scene: Scene, daemon: InstalledDaemon): Promise<void> {
  assert.match(ip("address", "show", "dev", "eth1"), /10\.2\.0\.5\/24/, "a static address");
  assert.match(ip("address", "show", "dev", "eth0"), /10\.1\.0\.1\d\d\/24/, "a lease");
  const index = /^\d+/.exec(ip("link", "show", "dev", "eth0"))?.[0];
  assert.match(ip("route", "show", "table", String(1000 + Number(index))), /^default via 10\.1\.0\.1 /m);
  assert.match(ip("rule"), new RegExp(`from 10\\.1\\.0\\.1\\d\\d lookup ${1000 + Number(index)}`));
  const setting = readFileSync("/proc/sys/net/ipv4/conf/eth0/ignore_routes_with_linkdown", "utf8");
  assert.equal(setting, "1\n", "a setting of the kernel");
  assert.match(readFileSync("/run/fairlead/resolv.conf", "utf8"), /^nameserver 10\.1\.0\.53$/m);
  assert.equal(statSync("/run/fairlead/resolv.conf").mode & 0o777, 0o644, "all users resolve names");
  await scene.ping("10.1.0.1", "eth0");
  const { path } = (await serviceOn(daemon, "eth0")) ?? {};
  const [counters] = await daemon.call(String(path), "org.chromium.flimflam.Service", "RequestTrafficCounters");
  assert.match(
    JSON.stringify(counters, (_, value) => (typeof value === "bigint" ? Number(value) : value)),
    /[1-9]/,
  );
}

/** The daemon is not root, and polkit tells of others only to those it trusts. */
function assertRights(): void {
  assert.match(asksManager("alice", "GetServiceOrder").stdout, /"wifi,ethernet/, "the configuration file was read");
  run("groupadd", ["--force", "--system", "netdev"]);
  run("usermod", ["--append", "--groups", "netdev", "bob"]);
  assertRefused(
    asksManager("alice", "SetServiceOrder", "s", "wifi"),
    /password is needed.*\(org\.fairlead\.settings\)/,
  );
  assert.equal(asksManager("bob", "SetServiceOrder", "s", "wifi,ethernet").code, 0);
}

async function assertProfiles(daemon: InstalledDaemon): Promise<void> {
  const stack = async () => (await daemon.manager()).Profiles;
  run("/usr/local/lib/fairlead/fairlead-login", ["alice"]);
  assert.deepEqual(await stack(), ["/profile/default", "/profile/alice/default"]);
  const { uid, mode } = statSync(`${state}/users/alice`);
  assert.deepEqual([uid, mode & 0o777], [numberOf("fairlead"), 0o700]);
  assert.ok(existsSync(`${state}/users/alice/default.db`));
  assert.equal(asksManager("alice", "PopProfile", "s", "~alice/default").code, 0, "she is known for its owner");
  assert.deepEqual(await stack(), ["/profile/default"]);
  run("/usr/local/lib/fairlead/fairlead-logout", ["alice"]);
}

async function assertDebugging(daemon: InstalledDaemon): Promise<void> {
  const manager = (method: string, signature: string, value: unknown) =>
    daemon.call("/", "org.chromium.flimflam.Manager", method, signature, [value]);
  await manager("SetDebugTags", "s", "dhcp");
  await manager("PersistDebugConfig", "b", true);
  assert.ok(existsSync(`${state}/log-override.json`));
  const report = JSON.parse(run("/usr/local/bin/fairlead", ["report", "--json"])) as {
    sections: { title: string; text: string }[];
  };
  const missing = report.sections.filter(({ text }) => text.startsWith("[not to be had"));
  assert.deepEqual(
    missing.filter(({ title }) => title !== "/etc/resolv.conf"),
    [],
  );
  assert.ok(report.sections.some(({ title, text }) => title === "state" && text.includes("eth0")));
  await manager("PersistDebugConfig", "b", false);
  assert.ok(!existsSync(`${state}/log-override.json`));
}

/** In the daemon's place: its view of the file system, its user, and none of its other restrictions. */
function placeOf(pid: number): (...command: string[]) => RunResult {
  const [uid, gid] = ["-u", "-g"].map((what) => run("id", [what, "fairlead"]).trim());
  const user = ["--reuid", String(uid), "--regid", String(gid), "--clear-groups", "--"];
  const enter = ["--mount", "--target", String(pid), "setpriv", ...user];
  return (...command) => tryRun("nsenter", [...enter, ...command]);
}

function assertRestrictions(pid: number): void {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const field = (name: string) => new RegExp(`^${name}:\\s*(.*)$`, "m").exec(status)?.[1]?.replaceAll("\t", " ");
  const uid = numberOf("fairlead");
  assert.notEqual(uid, 0);
  assert.equal(field("Uid"), `${uid} ${uid} ${uid} ${uid}`);
  // CAP_NET_BIND_SERVICE (10), CAP_NET_ADMIN (12), CAP_NET_RAW (13).
  for (const set of ["CapBnd", "CapEff", "CapPrm", "CapAmb"]) assert.equal(field(set), "0000000000003400", set);
  assert.deepEqual([field("NoNewPrivs"), field("Seccomp")], ["1", "2"]);

  const inItsPlace = placeOf(pid);
  const home = String(run("getent", ["passwd", "alice"]).split(":")[5]);
  const having = (test: string, paths: readonly string[]) => {
    const loop = `for path in "$@"; do if ${test} "$path"; then echo "$path"; fi; done 2> /dev/null`;
    return inItsPlace("sh", "-c", loop, "sh", ...paths).stdout;
  };
  assert.equal(having("test -r", ["/etc/passwd", "/etc/shadow", home, "/root"]), "/etc/passwd\n");
  assert.equal(inItsPlace("ls", "/home").stdout, "", "homes are not even there");
  const foreign = ["/etc", "/usr/local/lib/fairlead", "/var/lib", "/run"];
  const planted = [...foreign, "/var/lib/fairlead", "/run/fairlead"].map((folder) => `${folder}/planted`);
  assert.equal(having("touch", planted), "/var/lib/fairlead/planted\n/run/fairlead/planted\n");
  const limits = readFileSync(`/proc/${pid}/limits`, "utf8");
  assert.match(limits, /^Max core file size +0 +0 /m);
}

async function assertNoCoreDump(daemon: InstalledDaemon): Promise<void> {
  const pid = await daemon.pid();
  writeFileSync("/proc/sys/kernel/core_pattern", "/run/fairlead/core-%e-%p");
  const control = "ulimit -c unlimited; exec setpriv --reuid fairlead --clear-groups sh -c 'kill -SEGV $$'";
  tryRun("sh", ["-c", control]);
  const cores = () => readdirSync("/run/fairlead").filter((name) => name.startsWith("core"));
  assert.equal(cores().length, 1, "others leave one here");
  daemon.systemctl("kill", "--kill-whom=main", "--signal=SEGV", daemon.unit);
  await daemon.untilReplaced(pid);
  assert.equal(cores().length, 1);
  await until("the journal has the signal", () => /status=11\/SEGV/.test(daemon.log()), patienceMs);
}

/** The system calls that the unit's filter refuses are let pass from the next start on, and told to the journal. */
function logRefusedCalls(daemon: InstalledDaemon): void {
  daemon.override("SystemCallFilter=", ...loggedInstead());
}
function loggedInstead(): readonly string[] {
  const unit = readFileSync("/usr/local/lib/systemd/system/fairlead.service", "utf8");
  const filters = [...unit.matchAll(/^SystemCallFilter=(.+)$/gm)].map(([, filter = ""]) => filter);
  assert.ok(filters.length > 0);
  return filters.map((filter) => `SystemCallLog=${filter.startsWith("~") ? filter.slice(1) : `~${filter}`}`);
}

async function assertNoRefusedCalls(daemon: InstalledDaemon): Promise<void> {
  await untilState(daemon, "eth0", "ready", patienceMs);
  run("/usr/local/lib/fairlead/fairlead-login", ["alice"]);
  run("/usr/local/lib/fairlead/fairlead-logout", ["alice"]);
  daemon.systemctl("stop", daemon.unit);
  const properties = loggedInstead().flatMap((line) => ["--property", line]);
  run("systemd-run", ["--wait", ...properties, "chown", "root", "/etc"]);
  const told = () => run("journalctl", ["--boot", "--output=cat", "_TRANSPORT=audit"]).match(/^SECCOMP .*$/gm) ?? [];
  await until(
    "the journal has one of another program",
    () => told().some((line) => line.includes("chown")),
    patienceMs,
  );
  assert.deepEqual(
    told().filter((line) => !line.includes('comm="chown"')),
    [],
  );
}
