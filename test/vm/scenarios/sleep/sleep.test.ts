import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { ProcessClock } from "../../../../src/base/clock.ts";
import { silentLog } from "../../../../src/base/log.ts";
import { BusClient } from "../../../../src/bus/bus-client.ts";
import { logindCases } from "../../../contract/sleep/logind-cases.ts";
import type { TestDaemon } from "../../../harness/daemon.ts";
import { run, tryRun } from "../../../harness/processes.ts";
import { until } from "../../../harness/until.ts";
import { addLan, serviceOn, times, untilState } from "../../../integration/daemon/support.ts";
import { installPolicies, isInhibited, systemBus } from "../../guest/booted-system.ts";
import { patienceMs } from "../../guest/patience.ts";
import { scenario } from "../../guest/scene.ts";

/**
 * The kernel freezes all processes, waits a second, and thaws them: all of a sleep but the emulated hardware's part.
 */
function sleepShortly(): void {
  writeFileSync("/sys/power/pm_test", "freezer");
  writeFileSync("/sys/module/suspend/parameters/pm_test_delay", "1");
}
const suspend = () =>
  until("logind takes the order to sleep", () => tryRun("systemctl", ["suspend"]).code === 0, patienceMs);

const sleepState = async (daemon: TestDaemon) => {
  const [json] = await daemon.call("/", "org.fairlead.Manager1", "Dump");
  return (JSON.parse(String(json)) as { sleep: { phase: string; hasLogind: boolean; isInhibiting: boolean } }).sleep;
};

logindCases("the real logind", async () => {
  sleepShortly();
  const { busAddress: address } = systemBus;
  const clock = new ProcessClock();
  const bus = new BusClient({ address, clock, log: silentLog });
  await bus.connect();
  return { bus, clock, address, sleepAndWake: async () => void (await suspend()), close: () => bus.close() };
});

scenario("over a sleep an inhibitor is held, and the lease is verified anew", async (scene) => {
  sleepShortly();
  installPolicies();
  const lan = await addLan(scene.t, "router");
  const daemon = await scene.startDaemon(systemBus);
  const before = await untilState(daemon, "eth0", "ready", patienceMs);
  await until("logind lists the inhibitor", () => isInhibited(daemon), patienceMs);
  const [discovers, acks] = ["DHCPDISCOVER", "DHCPACK"].map((message) => times(lan.server, message));

  await suspend();
  await until("the lease was confirmed", () => times(lan.server, "DHCPACK") === Number(acks) + 1, patienceMs);
  assert.equal(times(lan.server, "DHCPDISCOVER"), discovers, "by asking for the known address");
  assert.match(run("journalctl", ["--boot", "--dmesg"]), /suspend debug: Waiting for 1 second/, "the kernel did it");
  await untilState(daemon, "eth0", "ready", patienceMs);
  assert.equal((await serviceOn(daemon, "eth0"))?.IPConfig, before.IPConfig);
  await until("logind lists the next inhibitor", () => isInhibited(daemon), patienceMs);
  assert.equal((await sleepState(daemon)).phase, "awake");
});

scenario("a logind that is killed in the middle of a sleep means awake", async (scene) => {
  mkdirSync("/run/systemd/logind.conf.d", { recursive: true });
  writeFileSync("/run/systemd/logind.conf.d/patient.conf", "[Login]\nInhibitDelayMaxSec=60\n");
  run("systemctl", ["restart", "systemd-logind.service"]);
  installPolicies();
  await addLan(scene.t, "router");
  const daemon = await scene.startDaemon(systemBus);
  await untilState(daemon, "eth0", "ready", patienceMs);
  await until("logind lists the inhibitor", () => isInhibited(daemon), patienceMs);

  // Another program holds the sleep up, so that there is a middle of it.
  scene.start("systemd-inhibit", ["--what=sleep", "--mode=delay", "--who=slow", "sleep", "infinity"]);
  const isSlow = () => /^slow /m.test(run("systemd-inhibit", ["--list", "--no-pager"]));
  await until("logind lists the other inhibitor", isSlow, patienceMs);
  await suspend();
  await until("the daemon is ready to sleep", async () => (await sleepState(daemon)).phase === "ready", patienceMs);
  run("systemctl", ["kill", "--signal=KILL", "systemd-logind.service"]);
  await until("it is awake", async () => (await sleepState(daemon)).phase === "awake", patienceMs);
  await until("the new logind lists the inhibitor", () => isInhibited(daemon), patienceMs);
  await untilState(daemon, "eth0", "ready", patienceMs);
});
