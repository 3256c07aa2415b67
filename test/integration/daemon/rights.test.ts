import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { startDaemonProcess } from "../../harness/daemon.ts";
import { requirePrivateNamespace } from "../../harness/namespace.ts";
import { isPolkitInstalled, type Polkitd, startPolkitd } from "../../harness/polkitd.ts";
import { type ManagedProcess, type RunResult, startProcess, tryRun } from "../../harness/processes.ts";
import { type SystemBus, startSystemBus } from "../../harness/system-bus.ts";
import { until } from "../../harness/until.ts";
import { addNetdev, netdevGid } from "./users.ts";

requirePrivateNamespace();

/** The bus takes only users that have an account; these two every Debian has (nobody, bin). */
interface Person {
  readonly uid: number;
  readonly groups: string;
}
const stranger: Person = { uid: 65_534, groups: "--clear-groups" };
// polkit asks the accounts for the groups, and the daemon the process.
const member: Person = { uid: 2, groups: `--groups=${netdevGid}` };
const root: Person = { uid: 0, groups: "--keep-groups" };

/** The daemon on a bus under the policy we ship, on a machine that has a group netdev. */
class Machine {
  private constructor(
    readonly bus: SystemBus,
    readonly daemon: ManagedProcess,
  ) {}

  static async start(t: TestContext): Promise<Machine> {
    addNetdev(t);
    const bus = await startSystemBus();
    t.after(() => bus.remove());
    const folders = ["--bus-address", bus.address, "--state-dir", `${bus.folder}/s`, "--run-dir", `${bus.folder}/r`];
    const daemon = startDaemonProcess(folders, []);
    t.after(() => daemon.end());
    const machine = new Machine(bus, daemon);
    await until("it answers", () => machine.call(stranger, "GetServiceOrder").code === 0, 15_000);
    return machine;
  }

  #words({ uid, groups }: Person, method: string, args: readonly string[]): string[] {
    const who = [`--reuid=${uid}`, `--regid=${uid}`, groups];
    const busctl = ["busctl", `--address=${this.bus.address}`, "--timeout=20", "call", "org.chromium.flimflam", "/"];
    return [...who, ...busctl, "org.chromium.flimflam.Manager", method, ...args];
  }
  call(person: Person, method: string, ...args: string[]): RunResult {
    return tryRun("setpriv", this.#words(person, method, args));
  }
  /** The same, while this process goes on. */
  spawn(t: TestContext, person: Person, method: string, ...args: string[]): ManagedProcess {
    const started = startProcess("setpriv", this.#words(person, method, args));
    t.after(() => started.end());
    return started;
  }
  setOrder(person: Person, order: string): RunResult {
    return this.call(person, "SetServiceOrder", "s", order);
  }
  order(): string {
    return this.call(stranger, "GetServiceOrder").stdout.trim();
  }
}

async function polkit(t: TestContext, { bus }: Machine): Promise<Polkitd> {
  const polkitd = await startPolkitd(bus.address);
  t.after(() => polkitd.remove());
  return polkitd;
}

function refused({ code, stderr }: RunResult, why: RegExp): void {
  assert.notEqual(code, 0);
  assert.match(stderr, why);
}

test("without polkit every user may look, and root and members of netdev may change", async (t) => {
  const machine = await Machine.start(t);
  assert.equal(machine.call(stranger, "GetProperties").code, 0);
  refused(machine.setOrder(stranger, "wifi"), /only an administrator may change this/);
  refused(machine.call(stranger, "SetProperty", "sv", "ArpGateway", "b", "false"), /only an administrator/);
  assert.match(machine.order(), /"vpn,ethernet,wifi,cellular"/);
  assert.equal(machine.setOrder(member, "wifi").code, 0);
  assert.match(machine.order(), /"wifi"/);
  assert.equal(machine.setOrder(root, "ethernet").code, 0);
});

test("the policy lets only root own the name and send more than calls", async (t) => {
  const { bus, daemon } = await Machine.start(t);
  const as = ["--reuid=65534", "--regid=65534", "--clear-groups"];
  const bus1 = `--address=${bus.address}`;
  const asked = ["call", "org.freedesktop.DBus", "/", "org.freedesktop.DBus", "RequestName", "su"];
  refused(tryRun("setpriv", [...as, "busctl", bus1, ...asked, "org.chromium.flimflam", "2"]), /Access denied/);
  const signal = ["emit", "--destination=org.chromium.flimflam", "/", "a.b", "C"];
  const sent = tryRun("setpriv", [...as, "busctl", bus1, ...signal]);
  assert.ok(daemon.isRunning, sent.stderr);
});

test("with polkit its policy and rules decide, anew for each call", async (t) => {
  if (!isPolkitInstalled()) return t.skip("polkitd is not installed");
  const machine = await Machine.start(t);
  const polkitd = await polkit(t, machine);
  refused(machine.setOrder(stranger, "wifi"), /password is needed.*\(org\.fairlead\.settings\)/);
  refused(machine.call(stranger, "DisableTechnology", "s", "wifi"), /\(org\.fairlead\.control\)/);
  assert.equal(machine.setOrder(member, "wifi").code, 0, "the rule for netdev that we ship");

  await polkitd.addRule(`polkit.addRule(function (action, subject) {
    if (action.id == "org.fairlead.control" && subject.isInGroup("nogroup")) return "yes";
    if (action.id == "org.fairlead.settings") return "no";
  });`);
  assert.equal(machine.call(stranger, "DisableTechnology", "s", "wifi").code, 0);
  refused(machine.setOrder(stranger, "cellular"), /not authorized/);
  refused(machine.setOrder(member, "cellular"), /not authorized/);
  assert.match(machine.order(), /"wifi"/);
  assert.equal(machine.setOrder(root, "ethernet").code, 0, "root is asked nothing");
});

test("a polkit that hangs holds up no other caller, and one that dies in the middle of a question means no", async (t) => {
  if (!isPolkitInstalled()) return t.skip("polkitd is not installed");
  const machine = await Machine.start(t);
  const polkitd = await polkit(t, machine);
  polkitd.process.kill("SIGSTOP");
  t.after(() => polkitd.process.kill("SIGCONT"));
  const waiting = machine.spawn(t, member, "SetServiceOrder", "s", "wifi");
  const leaving = machine.spawn(t, member, "SetServiceOrder", "s", "cellular");
  assert.match(machine.order(), /"vpn,ethernet,wifi,cellular"/);
  assert.equal(machine.setOrder(root, "ethernet").code, 0);
  leaving.kill("SIGKILL");
  await leaving.waitExit();
  assert.ok(waiting.isRunning);
  polkitd.process.kill("SIGKILL");
  const { code } = await waiting.waitExit(15_000);
  assert.notEqual(code, 0);
  assert.match(waiting.output(), /nobody could say whether this is authorized/);
  assert.match(machine.order(), /"ethernet"/);
  // Now there is none, and nothing installed that could be started: the group decides again.
  assert.equal(machine.setOrder(member, "wifi").code, 0);
});
