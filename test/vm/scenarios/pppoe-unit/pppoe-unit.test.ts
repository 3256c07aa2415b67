import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { variant } from "../../../harness/bus-client.ts";
import { run, tryRun } from "../../../harness/processes.ts";
import { until } from "../../../harness/until.ts";
import { Concentrator } from "../../guest/concentrator.ts";
import { patienceMs } from "../../guest/patience.ts";
import { scenario } from "../../guest/scene.ts";

const account = { userName: "alice@isp.test", password: "open sesame" };
const manager = "org.chromium.flimflam.Manager";

scenario("under the shipped units an account is connected by a pppd that the helper runs as root", async (scene) => {
  const daemon = await scene.installDaemon();
  const isp = scene.addPeer("isp");
  const cable = scene.addCable("eth0", isp, "10.9.0.1/24");
  const concentrator = new Concentrator(scene, isp, cable.peerLink);
  concentrator.setAccount(account);
  concentrator.start();
  daemon.override("TimeoutStartSec=120");
  daemon.systemctl("start", daemon.unit);

  const settings = { Type: "pppoe", "PPPoE.Username": account.userName, "PPPoE.Password": account.password };
  const named = Object.entries(settings).map(([name, value]) => [name, variant("s", value)] as const);
  const [path] = (await daemon.call("/", manager, "ConfigureService", "a{sv}", [Object.fromEntries(named)])) as [
    string,
  ];
  await daemon.call(path, "org.chromium.flimflam.Service", "Connect");
  await scene.waitForProperty(path, "Service", "State", "ready");
  await scene.ping("10.64.0.1");
  assert.match(run("ip", ["route", "get", "203.0.113.1"]), /dev ppp0 .*src 10\.64\.0\.1\d\d/);
  assert.match(run("bin/fairlead", ["status"]), /alice@isp\.test/);

  const pids = tryRun("pidof", ["pppd"]).stdout.trim().split(" ");
  const groupOf = (pid: string) => readFileSync(`/proc/${pid}/cgroup`, "utf8");
  const pid = pids.find((each) => groupOf(each).includes("fairlead-helper.service")) ?? assert.fail(pids.join(" "));
  assert.match(readFileSync(`/proc/${pid}/status`, "utf8"), /^Uid:\t0\t0\t/m);
  const seen = [
    readFileSync(`/proc/${pid}/cmdline`, "utf8"),
    readFileSync(`/proc/${pid}/environ`, "utf8"),
    daemon.log(),
  ];
  for (const text of seen) assert.ok(!text.includes("sesame"));

  run("bin/fairlead", ["disconnect", account.userName]);
  await until("the session is gone", () => !/ppp\d/.test(run("ip", ["link"])), patienceMs);
  await until("the other end has heard the farewell", () => concentrator.sessions === 0, patienceMs);

  daemon.systemctl("stop", "fairlead-helper.socket", "fairlead-helper.service");
  await daemon.call(path, "org.chromium.flimflam.Service", "Connect");
  const isMissed = () => /wants root, and fairlead-helper does not answer/.test(run("bin/fairlead", ["why"]));
  await until("it is told that the helper is missing", isMissed, patienceMs);
});
