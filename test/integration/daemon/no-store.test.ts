import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { variant } from "../../harness/bus-client.ts";
import type { TestDaemon } from "../../harness/daemon.ts";
import { run } from "../../harness/namespace.ts";
import { tryRun } from "../../harness/processes.ts";
import { until } from "../../harness/until.ts";
import { failedStart, placeFor } from "./failed-start.ts";
import { addressesOf, addressOf } from "./kernel-view.ts";
import { addLan, serviceOn, startDaemon, times, untilState } from "./support.ts";

/** A folder for the daemon, with state and run in it; mounts inside go with it. */
function place(t: TestContext): { folder: string; state: string; runDir: string; database: string } {
  const folder = fs.mkdtempSync(join(tmpdir(), "fairlead-no-store-"));
  const state = join(folder, "state");
  t.after(() => {
    while (tryRun("umount", ["-l", state]).code === 0);
    fs.rmSync(folder, { recursive: true, force: true });
  });
  fs.mkdirSync(state, { mode: 0o700 });
  return { folder, state, runDir: join(folder, "run"), database: join(state, "profiles", "default.db") };
}
function mountDisk(at: string, options: string): void {
  run("mount", ["-t", "tmpfs", "-o", `mode=0700,${options}`, "tmpfs", at]);
}
function makeReadOnly(state: string): void {
  run("mount", ["--bind", state, state]);
  run("mount", ["-o", "remount,bind,ro", state]);
}
const fill = (folder: string) => run("sh", ["-c", `cat /dev/zero > ${folder}/filler 2>/dev/null || true`]);

async function problems(daemon: TestDaemon): Promise<readonly string[]> {
  const args = ["org.fairlead.Manager1", "StorageProblems"];
  const [value] = await daemon.call("/", "org.freedesktop.DBus.Properties", "Get", "ss", args);
  return value as readonly string[];
}
const untilStored = (daemon: TestDaemon) =>
  until("everything is stored", async () => (await problems(daemon)).length === 0, 70_000);

const setUiData = async (daemon: TestDaemon, text: string): Promise<void> => {
  const service = await serviceOn(daemon, "eth0");
  await daemon.setProperty(String(service?.path), "Service", "UIData", "s", text);
};
const uiData = async (daemon: TestDaemon) => (await serviceOn(daemon, "eth0"))?.UIData;
const notStored = /org\.chromium\.flimflam\.Error\.NotStored: /;

/** The network is up without a store, says so once, and a client's change is refused and not in force. */
async function worksWithout(daemon: TestDaemon, why: RegExp): Promise<void> {
  await untilState(daemon, "eth0", "ready");
  assert.ok(addressOf("eth0"));
  assert.match((await problems(daemon)).join("\n"), why);
  const before = await uiData(daemon);
  await assert.rejects(setUiData(daemon, "not to be stored"), notStored);
  assert.equal(await uiData(daemon), before);
  const said = () => daemon.log().match(/.* are not stored.*/g) ?? [];
  await until("it is in the log", () => said().length > 0);
  assert.equal(said().length, 1, said().join("\n"));
}
/** A daemon that stored a static name server and ended, so that a later one has something to read. */
async function storeNameServer(t: TestContext, folder: string): Promise<TestDaemon> {
  const daemon = await startDaemon(t, { folder });
  const { path } = await untilState(daemon, "eth0", "ready");
  const staticIp = { NameServers: variant("as", ["192.0.2.53"]) };
  await daemon.setProperty(String(path), "Service", "StaticIPConfig", "a{sv}", staticIp);
  return daemon;
}
const resolver = (runDir: string) => fs.readFileSync(join(runDir, "resolv.conf"), "utf8");

test("on a read-only disk the stored settings are in force, and stored again when it can be written", async (t) => {
  await addLan(t, "router");
  const { folder, state, runDir } = place(t);
  const daemon = await storeNameServer(t, folder);
  // Killed: the last setting stands in the log of the database only.
  daemon.process.kill("SIGKILL");
  await daemon.process.waitExit();
  makeReadOnly(state);
  fs.rmSync(join(runDir, "resolv.conf"), { force: true });
  await daemon.launch();
  await worksWithout(daemon, /not stored: .*read-only/);
  await until("the name server is the stored one", () => resolver(runDir).includes("192.0.2.53"));
  run("mount", ["-o", "remount,bind,rw", state]);
  await setUiData(daemon, "stored");
  assert.deepEqual(await problems(daemon), []);
  await daemon.stop();
  await daemon.launch();
  await untilState(daemon, "eth0", "ready");
  assert.equal(await uiData(daemon), "stored");
});

test("with an empty state folder that cannot be written the daemon works with defaults, and writes them later", async (t) => {
  await addLan(t, "router");
  const { folder, state, database } = place(t);
  makeReadOnly(state);
  const daemon = await startDaemon(t, { folder });
  await worksWithout(daemon, /none of earlier runs were read: .*read-only/);
  run("mount", ["-o", "remount,bind,rw", state]);
  await untilStored(daemon);
  assert.ok(fs.existsSync(database));
  await setUiData(daemon, "stored");
});

test("a state folder that is mounted late: its settings come into force, and none of them is covered", async (t) => {
  await addLan(t, "router");
  const { folder, state, runDir } = place(t);
  const daemon = await storeNameServer(t, folder);
  await daemon.stop();
  mountDisk(state, "ro,size=64k");
  await daemon.launch();
  await worksWithout(daemon, /none of earlier runs were read/);
  assert.ok(!resolver(runDir).includes("192.0.2.53"));
  run("umount", [state]);
  await until("the stored name server is in force", () => resolver(runDir).includes("192.0.2.53"), 70_000);
  await untilStored(daemon);
  await daemon.stop();
  await daemon.launch();
  await until("and still stored", () => resolver(runDir).includes("192.0.2.53"));
});

test("a disk that is full from the start: stored settings are read, and what is kept is written when there is room", async (t) => {
  await addLan(t, "router");
  const { folder, state, runDir } = place(t);
  mountDisk(state, "size=1m");
  const daemon = await storeNameServer(t, folder);
  await daemon.stop();
  fill(state);
  await daemon.launch();
  await worksWithout(daemon, /(full|disk reports an error)/);
  await until("the name server is the stored one", () => resolver(runDir).includes("192.0.2.53"));
  fs.rmSync(join(state, "filler"));
  await untilStored(daemon);
  await setUiData(daemon, "stored");
});

test("a disk that fills up while the daemon runs: the lease is kept and written when there is room", async (t) => {
  const { cable, server } = await addLan(t, "router", { plugged: false });
  const { folder, state, database } = place(t);
  mountDisk(state, "size=1m");
  const daemon = await startDaemon(t, { folder });
  fill(state);
  // The log may have a place left for a small change: more than it has is asked for.
  await assert.rejects(setUiData(daemon, "x".repeat(200_000)), notStored);
  assert.match((await problems(daemon)).join(), /not stored: .*(full|disk reports an error)/);
  cable.plug();
  await untilState(daemon, "eth0", "ready");
  fs.rmSync(join(state, "filler"));
  await untilStored(daemon);
  const leases = () => sqlite(database, "select json from lease");
  await until("the lease is on disk", () => leases().includes(String(addressOf("eth0")).split("/")[0] ?? "-"));
  await daemon.stop();
  const discovers = times(server, "DHCPDISCOVER");
  run("ip", ["address", "flush", "dev", "eth0"]);
  await daemon.launch();
  await untilState(daemon, "eth0", "ready");
  assert.equal(times(server, "DHCPDISCOVER"), discovers, "the lease was asked for again, not a new one");
});

test("a database that another program holds locked is read, and written when the lock is gone", async (t) => {
  await addLan(t, "router");
  const { folder, database, runDir } = place(t);
  const daemon = await storeNameServer(t, folder);
  await daemon.stop();
  const holder = await holdLocked(t, database);
  await daemon.launch();
  await worksWithout(daemon, /another program holds it locked/);
  await until("the name server is the stored one", () => resolver(runDir).includes("192.0.2.53"));
  holder.kill();
  await untilStored(daemon);
  await setUiData(daemon, "stored");
});

test("a damaged file on a read-only disk, and a folder in the file's place, keep no network down", async (t) => {
  await addLan(t, "router");
  const { folder, state, database } = place(t);
  fs.mkdirSync(join(state, "profiles"), { mode: 0o700 });
  fs.writeFileSync(database, "garbage ".repeat(1000), { mode: 0o600 });
  makeReadOnly(state);
  const daemon = await startDaemon(t, { folder });
  await worksWithout(daemon, /none of earlier runs were read: .*read-only/);
  run("mount", ["-o", "remount,bind,rw", state]);
  await untilStored(daemon);
  assert.ok(fs.existsSync(`${database}.corrupted`));
  await daemon.stop();
  for (const suffix of ["", "-wal", "-shm"]) fs.rmSync(`${database}${suffix}`, { force: true });
  fs.mkdirSync(database);
  await daemon.launch();
  await worksWithout(daemon, /not a regular file/);
});

test("a state folder of another user, or a file in its place, keeps no network down", async (t) => {
  await addLan(t, "router");
  const { folder, state } = place(t);
  fs.rmSync(state, { recursive: true });
  fs.writeFileSync(state, "");
  const daemon = await startDaemon(t, { folder });
  await worksWithout(daemon, /state cannot be made/);
  await daemon.stop();
  fs.rmSync(state);
  fs.mkdirSync(state, { mode: 0o777 });
  fs.chmodSync(state, 0o777);
  await daemon.launch();
  await worksWithout(daemon, /others may write the folder/);
  assert.deepEqual(fs.readdirSync(state), [], "nothing is put where others could exchange it");
  fs.chmodSync(state, 0o700);
  await untilStored(daemon);
});

test("a run folder that cannot be written is told, the network goes on, and the resolver file is written later", async (t) => {
  await addLan(t, "router");
  const { folder, runDir } = place(t);
  fs.writeFileSync(runDir, "");
  const daemon = await startDaemon(t, { folder });
  await untilState(daemon, "eth0", "ready");
  const told = (await problems(daemon)).join("\n");
  assert.match(told, /resolv\.conf cannot be written/);
  assert.match(told, /loaded_profile_list cannot be written/);
  fs.rmSync(runDir);
  await until("name servers are there", () => fs.existsSync(join(runDir, "resolv.conf")), 70_000);
  await untilStored(daemon);
  assert.ok(fs.existsSync(join(runDir, "loaded_profile_list")));
});

test("a Profile that cannot be stored stands in status and in why, and is announced", async (t) => {
  await addLan(t, "router");
  const { folder, state } = place(t);
  makeReadOnly(state);
  const daemon = await startDaemon(t, { folder });
  await untilState(daemon, "eth0", "ready");
  const fairlead = (...args: string[]) => run("bin/fairlead", ["--bus-address", daemon.busAddress, ...args]);
  assert.match(fairlead("status"), /! Settings and leases are not stored.*read-only/s);
  assert.match(fairlead("why"), /Not stored\nSettings and leases are not stored/);
  assert.deepEqual(JSON.parse(fairlead("status", "--json")).notStored, await problems(daemon));
});

test("two daemons never share a state folder, even if the disk of the first is faulty", async (t) => {
  await addLan(t, "router");
  const { folder, state } = place(t);
  await startDaemon(t, { folder });
  const other = await placeFor(t);
  const args = other.args.map((word) => (word === other.state ? state : word));
  const { code, line } = await failedStart(t, args);
  assert.deepEqual([code, line], [1, `fairleadd: Another fairleadd is using ${state}.: database is locked`]);
  assert.ok(addressesOf("eth0").length > 0);
});

/** As a backup program would: no writer gets in, readers of the file do. */
async function holdLocked(t: TestContext, database: string): Promise<ChildProcess> {
  const program =
    "import sqlite3,sys,time;c=sqlite3.connect(sys.argv[1],isolation_level=None);" +
    "c.execute('pragma locking_mode=exclusive');c.execute('begin exclusive');print('locked',flush=True);time.sleep(600)";
  const holder = spawn("/usr/bin/python3", ["-c", program, database], { stdio: ["ignore", "pipe", "inherit"] });
  t.after(() => holder.kill());
  await new Promise((resolve) => holder.stdout.once("data", resolve));
  return holder;
}
const sqlite = (database: string, query: string): string =>
  run("/usr/bin/python3", [
    "-c",
    "import sqlite3,sys;print(sqlite3.connect('file:'+sys.argv[1]+'?mode=ro',uri=True).execute(sys.argv[2]).fetchall())",
    database,
    query,
  ]);
