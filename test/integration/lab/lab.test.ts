import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { requirePrivateNamespace } from "../../harness/namespace.ts";
import { startPrivateBus } from "../../harness/private-bus.ts";
import { type ManagedProcess, startProcess, tryRun } from "../../harness/processes.ts";
import { until } from "../../harness/until.ts";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const folders = () => readdirSync(tmpdir()).filter((name) => name.startsWith("fairlead-lab-"));

/** `npm start`, without npm in between. */
function start(t: TestContext, ...args: string[]): ManagedProcess {
  const lab = startProcess(process.execPath, [join(root, "scripts/start.mjs"), ...args], { cwd: root });
  t.after(() => lab.end());
  return lab;
}

test("--once ends with 0 as soon as a Service is online, and leaves nothing", async (t) => {
  const lab = start(t, "--once");
  lab.closeInput();
  assert.deepEqual(await lab.waitExit(40_000), { code: 0, signal: null }, lab.output());
  assert.match(lab.output(), /ConnectionState: (ready|online)/);
  assert.deepEqual(folders(), []);
});

test("a command runs inside with the lab's bus, and its exit code comes out", async (t) => {
  const lab = start(t, "--", "sh", "-c", "fairlead status; exit 7");
  lab.closeInput();
  assert.equal((await lab.waitExit(40_000)).code, 7, lab.output());
  assert.match(lab.output(), /eth1/);
});

test("cables can be pulled and put back from its prompt, and quit ends it in order", async (t) => {
  const lab = start(t);
  await lab.untilOutput(/service eth0 +State: ready/, 30_000);
  const pulled = lab.output().length;
  lab.write("unplug eth0\n");
  await lab.untilOutput(/service eth0 +State: idle/, 10_000, pulled);
  await lab.untilOutput(/DefaultService: service eth1/, 10_000, pulled);
  const plugged = lab.output().length;
  lab.write("plug eth0\n");
  await lab.untilOutput(/service eth0 +State: ready/, 10_000, plugged);
  lab.write("why\nquit\n");
  assert.deepEqual(await lab.waitExit(10_000), { code: 0, signal: null }, lab.output());
  assert.deepEqual(folders(), []);
});

test("without servers a cable comes back to its known network, as the gateway answers", async (t) => {
  const lab = start(t);
  await lab.untilOutput(/service eth1 +State: ready/, 30_000);
  const pulled = lab.output().length;
  lab.write("server off\nunplug eth1\n");
  await lab.untilOutput(/service eth1 +State: idle/, 10_000, pulled);
  const plugged = lab.output().length;
  lab.write("plug eth1\n");
  await lab.untilOutput(/service eth1 +State: ready/, 10_000, plugged);
  lab.write("server on\nquit\n");
  assert.equal((await lab.waitExit(10_000)).code, 0, lab.output());
});

test("a daemon that crashes is told of, and one that is started again goes on", async (t) => {
  const lab = start(t);
  await lab.untilOutput(/ConnectionState: ready/, 30_000);
  const crashed = lab.output().length;
  lab.write("crash\n");
  await lab.untilOutput(/daemon: gone[\s\S]*daemon: there[\s\S]*ConnectionState: ready/, 10_000, crashed);
});

test("enter runs a command inside from elsewhere", async (t) => {
  const lab = start(t);
  const [, enter = ""] = await lab.untilOutput(/^ {2}(\S+\/enter) fairlead status$/m, 30_000);
  await lab.untilOutput(/ConnectionState: ready/, 30_000);
  const inside = startProcess(enter, ["ip", "-brief", "link"]);
  assert.equal((await inside.waitExit()).code, 0, inside.output());
  assert.match(inside.output(), /^eth0@.*^eth1@/ms);
});

test("the lab ends with the program that started it", async (t) => {
  const lab = start(t);
  const [, enter = ""] = await lab.untilOutput(/^ {2}(\S+\/enter) fairlead status$/m, 30_000);
  lab.kill("SIGTERM");
  await lab.waitExit(10_000);
  await until("its folder is gone", () => !existsSync(enter));
});

test("the lab ends even if the program that started it is killed", async (t) => {
  const lab = start(t);
  const [, enter = ""] = await lab.untilOutput(/^ {2}(\S+\/enter) fairlead status$/m, 30_000);
  await lab.untilOutput(/ConnectionState: ready/, 30_000);
  lab.kill("SIGKILL");
  await lab.waitExit(10_000);
  await until("nothing runs inside", () => tryRun(enter, ["true"]).code !== 0);
  rmSync(dirname(enter), { recursive: true });
});

test("an unknown argument is refused by name with exit code 2", async (t) => {
  const lab = start(t, "--twice");
  assert.equal((await lab.waitExit(20_000)).code, 2, lab.output());
  assert.match(lab.output(), /lab: unknown argument --twice/);
});

test("a shell inside knows fairlead, the bus and the cables, and its exit code comes out", async (t) => {
  const command = `${process.execPath} ${join(root, "scripts/start.mjs")} --shell`;
  // script gives it a terminal, without which bash would not be interactive.
  const shell = startProcess("script", ["--quiet", "--return", "--command", command, "/dev/null"], { cwd: root });
  t.after(() => shell.end());
  await shell.untilOutput(/A shell in Fairlead's lab[\s\S]*lab .*[#$]/, 30_000);
  shell.write(
    "fairlead connect --help >/dev/null && unplug eth0 && ip -brief link show eth0; servers off; servers on\n",
  );
  await shell.untilOutput(/eth0@\S+ +(DOWN|LOWERLAYERDOWN)/);
  shell.write("exit 5\n");
  assert.equal((await shell.waitExit()).code, 5, shell.output());
  assert.deepEqual(folders(), []);
});

test("--host warns, and runs the daemon on the links at hand with its own arguments", async (t) => {
  requirePrivateNamespace();
  const bus = await startPrivateBus();
  t.after(() => bus.remove());
  const folder = mkdtempSync(join(tmpdir(), "fairlead-host-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const places = ["--bus-address", bus.address, "--state-dir", join(folder, "state"), "--run-dir", join(folder, "run")];
  const host = start(t, "--host", ...places);
  await host.untilOutput(/WARNING: fairleadd now manages the links of this very machine/, 20_000);
  await host.untilOutput(/is ready/, 20_000);
  host.kill("SIGTERM");
  assert.deepEqual(await host.waitExit(), { code: 0, signal: null }, host.output());
});
