import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { TestDaemon } from "../../harness/daemon.ts";
import { startPrivateBus } from "../../harness/private-bus.ts";
import { type ManagedProcess, startProcess, tryRun } from "../../harness/processes.ts";
import { until } from "../../harness/until.ts";
import { addLan, startDaemon } from "./support.ts";

const program = fileURLToPath(new URL("../../../bin/fairlead-wait-online", import.meta.url));

/** In the background; ended with the test. */
function startWaiting(t: TestContext, address: string, ...args: string[]): ManagedProcess {
  const env = { ...process.env, DBUS_SYSTEM_BUS_ADDRESS: address };
  const started = startProcess(program, args, { env, name: "wait-online" });
  t.after(() => started.end());
  return started;
}
const wait = (address: string, ...args: string[]) =>
  tryRun("env", [`DBUS_SYSTEM_BUS_ADDRESS=${address}`, program, ...args]);

test("it waits for a daemon and a cable that both come later, and then for one of two links", async (t) => {
  const bus = await startPrivateBus();
  t.after(() => bus.remove());
  const forDaemon = startWaiting(t, bus.address, "--timeout", "30");
  const eth0 = await addLan(t, "eth0", 0, false);
  await addLan(t, "eth1", 1, false);
  const late = wait(bus.address, "--timeout", "0.3");
  assert.equal(late.code, 1);
  assert.match(late.stderr, /^fairlead-wait-online: not ready in time: the daemon is not running \(fairleadd\)\n$/);
  const daemon = await TestDaemon.start({ bus });
  t.after(() => daemon.remove());
  await until("both links are managed", async () => (await daemon.devices()).length === 2);
  const { code, stderr } = wait(bus.address, "--interface", "eth0", "--interface", "eth7", "--timeout", "0.3");
  assert.deepEqual(
    { code, stderr },
    { code: 1, stderr: "fairlead-wait-online: not ready in time: eth0 idle, eth7 is not there\n" },
  );
  assert.ok(forDaemon.isRunning, "no cable is plugged yet");
  const forBoth = startWaiting(t, bus.address, "--interface", "eth0", "--interface", "eth1", "--all");
  eth0.plug();
  assert.equal((await forDaemon.waitExit()).code, 0);
  const both = ["--interface", "eth0", "--interface", "eth1", "--timeout", "0.5"];
  assert.equal(wait(bus.address, ...both, "--any").code, 0);
  assert.equal(wait(bus.address, ...both, "--all").code, 1);
  assert.ok(forBoth.isRunning, "one of two is not all");
});

test("a daemon that is started again is waited for; online is more than ready; without a bus it ends at once", async (t) => {
  await addLan(t, "eth0", 0);
  const daemon = await startDaemon(t);
  const { address } = daemon.bus;
  assert.equal(wait(address).code, 0);
  const strict = wait(address, "--state", "online", "--timeout", "0.3");
  assert.match(`${strict.code} ${strict.stderr}`, /^1 .*not online in time: eth0 ready\n$/);
  await daemon.kill();
  const waiting = startWaiting(t, address, "--interface", "eth0", "--timeout", "0");
  await daemon.launch();
  assert.equal((await waiting.waitExit()).code, 0);
  assert.equal(wait("unix:path=/nowhere").code, 1);
});

test("wrong usage is told before anything is waited for", () => {
  for (const args of [["--state", "up"], ["--any", "--all"], ["--timeout", "-1"], ["--nothing"], ["eth0"]]) {
    const { code, stderr } = wait("unix:path=/nowhere", ...args);
    assert.equal(code, 2, args.join(" "));
    assert.match(stderr, /^fairlead-wait-online: [^\n]+\n$/);
  }
});
