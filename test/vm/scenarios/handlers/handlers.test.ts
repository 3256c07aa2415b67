import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { run, tryRun } from "../../../harness/processes.ts";
import { until } from "../../../harness/until.ts";
import { plugIn } from "../../../integration/daemon/support.ts";
import { as } from "../../guest/booted-system.ts";
import { InstalledDaemon } from "../../guest/installed-daemon.ts";
import { patienceMs } from "../../guest/patience.ts";
import { scenario } from "../../guest/scene.ts";

const folder = "/etc/fairlead/handlers";
const socket = "/run/fairlead-helper.sock";
const helper = "fairlead-helper.service";
/** It does things that only root can, and tells so. */
const script = `#!/bin/sh
case "$2" in
  dump) echo '{"name":"rooted","config":[["address",3],["secret",3]]}' ;;
  setup)
    read -r whole
    echo "$(id -u) $4 $whole" >> /var/log/handler.log
    echo '{"action":1,"key":"'"$FAIRLEAD_TASK_KEY"'","command":["/bin/sh","-c","echo $$ $(id -u) > /var/log/task; exec sleep 6000"]}'
    echo '{"action":0,"link-up":true,"ipaddr":[{"ipaddr":"10.5.0.2","mask":24}]}'
    ;;
  teardown) echo "teardown" >> /var/log/handler.log ;;
esac
`;
const addresses = () => run("ip", ["-4", "-oneline", "address", "show", "dev", "eth1"]);
const log = () => readFileSync("/var/log/handler.log", "utf8");
/** Its process and user, as soon as the whole line is there: the shell makes the file before it writes. */
const task = () => {
  const [, pid = "", uid = ""] = /^(\d+) (\d+)\n$/.exec(tryRun("cat", ["/var/log/task"]).stdout) ?? [];
  return pid && { pid, uid };
};

scenario(
  "under the shipped units a handler runs as root for the daemon's user, and ends with the daemon; nothing else of root's does",
  async (scene) => {
    const daemon = await scene.installDaemon();
    plugIn(scene.t, "eth1", scene.addPeer("lab"), { peerLink: "lab", address: "10.5.0.1/24" });
    mkdirSync(folder, { recursive: true });
    scene.add(folder, { name: "handlers", end: () => rmSync(folder, { recursive: true }) });
    writeFileSync(`${folder}/rooted.sh`, script);
    chmodSync(`${folder}/rooted.sh`, 0o755);
    writeFileSync(`${folder}/loose.sh`, script.replace("rooted", "loose"));
    chmodSync(`${folder}/loose.sh`, 0o777);
    writeFileSync(
      "/etc/fairlead/network",
      "config interface box\n option proto rooted\n option device eth1\n option secret harbour\n",
    );
    InstalledDaemon.configure(['uci-config = "/etc/fairlead/network"']);
    // Two programs start at once on an emulated processor.
    daemon.override("TimeoutStartSec=120");
    daemon.systemctl("start", daemon.unit);
    await until("the handler's address is there", () => addresses().includes("10.5.0.2/24"), patienceMs);
    await scene.ping("10.5.0.1", "eth1");
    assert.equal(log(), '0 {} {"secret":"harbour"}\n');
    const { pid, uid } = await until("its task runs", task, patienceMs);
    assert.deepEqual([uid, existsSync(`/proc/${pid}`)], ["0", true]);
    assert.match(readFileSync(`/proc/${pid}/cgroup`, "utf8"), /fairlead-helper\.service/);
    const isLeftOut = () => /loose\.sh is left out: .* can be written by others/.test(daemon.log());
    await until("the journal has the other handler", isLeftOut, patienceMs);

    const { uid: owner, mode } = statSync(socket);
    assert.deepEqual([owner, mode & 0o777], [Number(run("id", ["-u", "fairlead"])), 0o600]);
    const ask = (argv: readonly string[]) => {
      const order = { name: "x", argv, environment: {}, folder: "/", input: "", graceMs: 0 };
      const send = `require("net").connect("${socket}").on("data", (d) => console.log(String(d))).on("error", (e) => console.log(e.code)).write(${JSON.stringify(`${JSON.stringify({ run: order })}\n`)})`;
      return [process.execPath, "-e", send] as const;
    };
    assert.match(as("alice", ...ask(["/bin/true"])).stdout, /EACCES/);
    assert.match(as("fairlead", ...ask(["/bin/true"])).stdout, /is in none of the folders/);
    assert.match(as("fairlead", ...ask([`${folder}/loose.sh`])).stdout, /can be written by others/);
    const asked = ["/bin/sh", "-c", "echo $$ $(id -u) > /var/log/task; exec sleep 6000"];
    assert.match(as("fairlead", ...ask(asked)).stdout, /no handler has asked for it/, "not a second time");
    assert.match(as("fairlead", ...ask([`${folder}/rooted.sh`, "", "dump"])).stdout, /"exited","code":0/);

    const before = await daemon.pid();
    daemon.systemctl("kill", "--kill-whom=main", "--signal=KILL", daemon.unit);
    await until("its task ended with the daemon", () => !existsSync(`/proc/${pid}`), patienceMs);
    await daemon.untilReplaced(before);
    const another = () => {
      const next = task();
      return next && next.pid !== pid && existsSync(`/proc/${next.pid}`);
    };
    await until("the next daemon has another one", another, patienceMs);
    await until("the address is there", () => addresses().includes("10.5.0.2/24"), patienceMs);
    daemon.systemctl("stop", daemon.unit);
    assert.match(log(), /teardown\n$/);
    const ended = async () => (await daemon.show(["ActiveState"], helper)).ActiveState === "inactive";
    await until("the helper ends by itself", ended, patienceMs);
    assert.doesNotMatch(run("journalctl", ["--boot"]), /harbour/);
  },
);
