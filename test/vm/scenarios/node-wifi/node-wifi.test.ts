import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { run, startProcess, tryRun } from "../../../harness/processes.ts";
import { until } from "../../../harness/until.ts";
import { wpa2, wpa3 } from "../../guest/access-point.ts";
import { ArgumentWatch } from "../../guest/argument-watch.ts";
import type { InstalledDaemon } from "../../guest/installed-daemon.ts";
import { patienceMs } from "../../guest/patience.ts";
import { scenario } from "../../guest/scene.ts";

/** Blanks, a backslash, a colon and a hash: each means something to nmcli's passwd-file. */
const passphrase = "a pass:\\word #1";
/** nmcli escapes both signs, and node-wifi splits at the first. */
const home = "a:b\\c";
const connected = ["ready", "online", "no-connectivity", "redirect-found"];

scenario("where NetworkManager has the radio, networks are joined through node-wifi", async (scene) => {
  const daemon = await scene.installDaemon();
  // Two managers start at the same time here, on an emulated processor.
  daemon.override("TimeoutStartSec=120", "WatchdogSec=0");
  for (const unit of ["NetworkManager", "wpa_supplicant"]) run("systemctl", ["unmask", `${unit}.service`]);
  const cafe = await scene.startAccessPoint({ radio: 1, ssid: "Cafe", subnet: "10.21.0" });
  const point = await scene.startAccessPoint({ radio: 2, ssid: home, security: wpa2(passphrase), subnet: "10.22.0" });
  const office = await scene.startAccessPoint({
    radio: 3,
    ssid: "Office",
    security: wpa3("a long passphrase"),
    subnet: "10.23.0",
  });
  run("systemctl", ["start", "NetworkManager.service"]);
  daemon.systemctl("start", daemon.unit);
  await untilInRange(daemon, ["Cafe", home, "Office"]);
  const table = run("/usr/local/bin/fairlead", ["wifi", "list"]);
  for (const line of [/^Cafe +\d+ % +none/m, /^a:b\\c +\d+ % +wpa2/m, /^Office +\d+ % +wpa3/m])
    assert.match(table, line);

  // Each way in, with the addresses that NetworkManager asked for, and nothing of ours in the kernel.
  await joins(daemon, "Cafe", "");
  await scene.ping(cafe.address, "wlan0");
  assert.match(await addressOf(daemon), /^10\.21\.0\./);
  assert.equal(run("ip", ["route", "show", "table", "all", "proto", "102"]), "");

  assert.match(await fails(home, "not the right one"), /bad-passphrase/);
  const watch = new ArgumentWatch();
  try {
    await joins(daemon, home, passphrase);
  } finally {
    watch.stop();
  }
  assert.ok(
    watch.commands.some((command) => /\bnmcli .*connection up uuid/.test(command)),
    watch.commands.join("\n"),
  );
  for (const part of [passphrase, "pass:"]) assert.deepEqual(watch.holding(part), []);
  await scene.ping(point.address, "wlan0");
  assert.equal(await nmState(daemon), 100);

  // Neither NetworkManager's files nor the journal has it.
  const files = tryRun("grep", [
    "-rlF",
    "pass:",
    "/etc/NetworkManager",
    "/run/NetworkManager",
    "/var/lib/NetworkManager",
  ]);
  assert.equal(files.stdout, "");
  assert.doesNotMatch(run("journalctl", ["--boot"]), /pass:/);

  // A restart of the daemon finds it connected, and the access point sees no new association.
  const associations = () => point.log().split("AP-STA-CONNECTED").length - 1;
  const before = associations();
  daemon.systemctl("restart", daemon.unit);
  await untilState(daemon, home, connected);
  assert.equal(associations(), before);

  // The process with node-wifi in it is killed: it is told, nothing is lost, and another one takes its place.
  await until("the process is there", () => workerPid() !== 0, patienceMs);
  const pid = workerPid();
  process.kill(pid, "SIGKILL");
  await until(
    "its end is told",
    () => /the process for node-wifi ended: signal SIGKILL/.test(daemon.log()),
    patienceMs,
  );
  await until("another one is there", () => ![0, pid].includes(workerPid()), patienceMs);
  assert.ok(connected.includes(String((await network(daemon, home))?.State)));
  assert.equal(associations(), before);
  await joins(daemon, "Office", "a long passphrase");
  await scene.ping(office.address, "wlan0");

  // Left by hand, it stays so.
  run("/usr/local/bin/fairlead", ["disconnect", "Office"]);
  await untilState(daemon, "Office", ["idle"]);
  await until("NetworkManager left it, too", async () => (await nmState(daemon)) === 30, patienceMs);

  // NetworkManager goes: wpa_supplicant is asked, as on any other machine.
  run("systemctl", ["stop", "NetworkManager.service"]);
  await until("the supplicant drives it", () => /driven by wpa_supplicant/.test(daemon.log()), patienceMs);
  await untilInRange(daemon, ["Cafe"]);
  await joins(daemon, "Cafe", "");
  await scene.ping(cafe.address, "wlan0");
  assert.match(run("ip", ["route", "show", "table", "all", "proto", "102"]), /10\.21\.0/);
});

async function untilInRange(daemon: InstalledDaemon, names: readonly string[]): Promise<void> {
  const seen = async () => {
    const services = await daemon.services().catch(() => []);
    return names.every((name) => services.some(({ Name, Visible }) => Name === name && Visible === true));
  };
  await until(`${names.join()} are in range`, seen, patienceMs);
}
const network = async (daemon: InstalledDaemon, name: string) =>
  (await daemon.services().catch(() => [])).find(({ Name }) => Name === name);
async function untilState(daemon: InstalledDaemon, name: string, states: readonly string[]): Promise<void> {
  const seen = async () => states.includes(String((await network(daemon, name))?.State));
  await until(`${name} is ${states.join(" or ")}`, seen, patienceMs);
}

/** Beside the steps, which go on looking. The passphrase goes in by standard input. */
async function attempt(name: string, key: string) {
  const args = ["wifi", "connect", name, "--wait", "180", ...(key === "" ? [] : ["--ask"])];
  const child = startProcess("/usr/local/bin/fairlead", args);
  child.write(key);
  child.closeInput();
  const { code } = await child.waitExit(4 * patienceMs);
  return { code, output: child.output() };
}
async function joins(daemon: InstalledDaemon, name: string, key: string): Promise<void> {
  const { code, output } = await attempt(name, key);
  assert.equal(code, 0, output);
  await untilState(daemon, name, connected);
}
async function fails(name: string, key: string): Promise<string> {
  const { code, output } = await attempt(name, key);
  assert.notEqual(code, 0, output);
  return output;
}

/** Address of the link that clients are shown. */
async function addressOf(daemon: InstalledDaemon): Promise<string> {
  const radio = (await daemon.devices()).find(({ Interface }) => Interface === "wlan0");
  const [path = ""] = (radio?.IPConfigs ?? []) as readonly string[];
  return String((await daemon.properties(path, "IPConfig")).Address);
}
/** NMDeviceState. */
async function nmState({ client }: InstalledDaemon): Promise<number> {
  const [name, path] = ["org.freedesktop.NetworkManager", "/org/freedesktop/NetworkManager"];
  const [device] = await client.call(name, path, name, "GetDeviceByIpIface", "s", ["wlan0"]);
  const args = [`${name}.Device`, "State"];
  const [state] = await client.call(name, String(device), "org.freedesktop.DBus.Properties", "Get", "ss", args);
  return Number((state as { readonly value?: unknown }).value ?? state);
}

/** The child of the daemon; 0: there is none. */
const workerPid = (): number =>
  Number(processes().find(({ command }) => /fairlead-node-wifi\.cjs/.test(command))?.pid ?? 0);
const processes = () =>
  readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => ({ pid, command: tryRead(`/proc/${pid}/cmdline`) }));
function tryRead(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
