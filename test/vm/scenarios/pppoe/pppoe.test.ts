import assert from "node:assert/strict";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { silentLog } from "../../../../src/base/log.ts";
import { KernelRtnl } from "../../../../src/rtnl/kernel.ts";
import { BootClock } from "../../../../src/system/boot-clock.ts";
import { ChildProcesses } from "../../../../src/system/child-processes.ts";
import { pppdCases } from "../../../contract/pppd/pppd-cases.ts";
import type { TestDaemon } from "../../../harness/daemon.ts";
import { run } from "../../../harness/namespace.ts";
import { tryRun } from "../../../harness/processes.ts";
import { until } from "../../../harness/until.ts";
import { Concentrator } from "../../guest/concentrator.ts";
import { patienceMs } from "../../guest/patience.ts";
import { type Scene, scenario } from "../../guest/scene.ts";

const account = { userName: "alice@isp.test", password: 'open "sesame" $HOME' };
const file = "/run/network.uci";
const foreignResolvers = "# of the administrator\n";

scenario("a section with proto pppoe brings a session up, whose end leaves nothing behind", async (scene) => {
  const { daemon } = await world(scene, section());
  await untilWan(daemon, /ready|online/);
  assert.match(run("ip", ["-4", "address", "show", "dev", "ppp0"]), /10\.64\.0\.1\d\d peer 10\.64\.0\.1\/32/);
  assert.match(run("ip", ["route", "get", "203.0.113.1"]), /dev ppp0 .*src 10\.64\.0\.1\d\d/);
  assert.match(resolvers(daemon), /nameserver 10\.64\.0\.53\nnameserver 10\.64\.0\.54/);
  await scene.ping("10.64.0.1");
  assert.equal(readFileSync("/etc/resolv.conf", "utf8"), foreignResolvers, "pppd leaves the file of others alone");
  noSecret(daemon);

  fairlead(daemon, "disconnect", "wan");
  await untilWan(daemon, /idle/);
  await untilGone(daemon);
  fairlead(daemon, "connect", "wan", "--wait", "60");
  await untilWan(daemon, /ready|online/);
  await daemon.stop();
  await until("the end of the daemon ends the session", () => !/ppp\d/.test(run("ip", ["link"])), patienceMs);
});

scenario("a session that is lost begins anew, and why it was lost is told", async (scene) => {
  const { daemon, concentrator, cable } = await world(scene, section(" option keepalive '2 1'\n"));
  await untilWan(daemon, /ready|online/);
  concentrator.freeze();
  await until("the silence is told", () => /does not answer LCP echo/.test(daemon.log()), patienceMs);
  concentrator.thaw();
  await untilWan(daemon, /ready|online/);

  await concentrator.kill();
  const isMissed = () => /no access concentrator answers/.test(fairlead(daemon, "why"));
  await until("it is missed", isMissed, 4 * patienceMs);
  await untilGone(daemon);
  concentrator.start();
  await untilWan(daemon, /ready|online/);

  cable.unplug();
  await untilGone(daemon);
  cable.plug();
  await untilWan(daemon, /ready|online/);
  await scene.ping("10.64.0.1");
});

scenario("a wrong password is told as that, and the right one brings the session up", async (scene) => {
  const wrong = { ...account, password: "open barley" };
  const { daemon } = await world(scene, section("", wrong));
  const isRefused = () => /ppp-auth-failed.*refuses the user name or the password/.test(fairlead(daemon, "why"));
  await until("the refusal is told", isRefused, patienceMs);
  assert.ok(!`${daemon.log()}${fairlead(daemon, "dump")}`.includes("barley"));
  writeFileSync(file, section(), { mode: 0o600 });
  fairlead(daemon, "config", "reload");
  await untilWan(daemon, /ready|online/);
  await scene.ping("10.64.0.1");
});

scenario("pppd and pppoe-server keep the contract of a session", async (scene) => {
  const isp = scene.addPeer("isp");
  const { peerLink } = scene.addCable("eth0", isp, "10.9.0.1/24");
  run("ip", ["link", "set", "eth0", "up"]);
  const concentrator = new Concentrator(scene, isp, peerLink);
  concentrator.setAccount(account);
  concentrator.start();
  const clock = new BootClock();
  const rtnl = new KernelRtnl({ clock, log: silentLog });
  await rtnl.start();
  const processes = new ChildProcesses(clock);
  scene.add(rtnl, { name: "rtnl", end: () => processes.stopAll().then(() => rtnl.close()) });
  const world = {
    ...{ clock, processes, rtnl, account, concentrator },
    setThere: async (isThere: boolean) => (isThere ? concentrator.start() : concentrator.kill()),
    until: async (what: string, isSo: () => boolean) => void (await until(what, isSo, patienceMs)),
  };
  for (const [name, act] of Object.entries(pppdCases)) {
    await act(world).catch((cause: unknown) => {
      throw new Error(`not so: ${name}`, { cause });
    });
  }
  clock.close();
});

const section = (more = "", { userName, password } = account): string =>
  `config interface wan
 option proto pppoe
 option device eth0
 option username '${userName}'
 option password '${password}'
${more}`;

async function world(scene: Scene, uci: string) {
  const isp = scene.addPeer("isp");
  const cable = scene.addCable("eth0", isp, "10.9.0.1/24");
  const concentrator = new Concentrator(scene, isp, cable.peerLink);
  concentrator.setAccount(account);
  concentrator.start();
  writeFileSync(file, uci, { mode: 0o600 });
  // In the guest a symbolic link to a file of a program that does not run.
  rmSync("/etc/resolv.conf", { force: true });
  writeFileSync("/etc/resolv.conf", foreignResolvers);
  const daemon = await scene.startDaemon({
    args: ["--uci-config", file, "--log-level", "debug", "--log-scopes", "dhcp+manager"],
  });
  return { isp, cable, concentrator, daemon };
}

const fairlead = (daemon: TestDaemon, ...args: string[]): string =>
  tryRun("env", [`DBUS_SYSTEM_BUS_ADDRESS=${daemon.busAddress}`, "bin/fairlead", ...args]).stdout;
const untilWan = (daemon: TestDaemon, state: RegExp) =>
  until(
    `wan is ${state}`,
    async () => {
      const wan = (await daemon.services()).find(({ Name }) => Name === "wan");
      return state.test(String(wan?.State)) ? true : Promise.reject(new Error(`${wan?.State} ${wan?.Error}`));
    },
    2 * patienceMs,
  );
const untilGone = (daemon: TestDaemon) =>
  until("nothing of the session is left", () => traces(daemon).length === 0, patienceMs).catch(() =>
    assert.deepEqual(traces(daemon), []),
  );
/** Empty while the daemon does not run. */
function resolvers(daemon: TestDaemon): string {
  const path = join(daemon.folder, "run/resolv.conf");
  return existsSync(path) ? readFileSync(path, "utf8") : "";
}

/** The password is told nowhere that a user of the machine could look. */
function noSecret(daemon: TestDaemon): void {
  const programs = tryRun("sh", ["-c", "cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ | tr '\\0' ' '"]).stdout;
  assert.match(programs, /passwordfd/);
  const told = [programs, daemon.log(), ...["dump", "report", "status"].map((verb) => fairlead(daemon, verb))];
  for (const text of told)
    assert.ok(!text.includes("sesame"), text.slice(Math.max(0, text.indexOf("sesame") - 200)).slice(0, 400));
}

/** Traces of a session in the kernel, the resolver file and the table of processes. */
function traces(daemon: TestDaemon): readonly string[] {
  const asked = [["-o", "link"], ["-o", "address"], ["route", "show", "table", "all"], ["rule"]];
  const lines = [...asked.map((args) => run("ip", args)), resolvers(daemon)];
  return lines
    .join("\n")
    .split("\n")
    .filter((line) => /ppp\d|10\.64\./.test(line));
}
