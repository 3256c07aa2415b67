import assert from "node:assert/strict";
import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { run, tryRun } from "../../../harness/processes.ts";
import { until } from "../../../harness/until.ts";
import { addLan, untilState } from "../../../integration/daemon/support.ts";
import { patienceMs } from "../../guest/patience.ts";
import { scenario } from "../../guest/scene.ts";

const folder = "/etc/fairlead/modifiers";
const filter = "/etc/fairlead/work.nft";
const fairlead = (...args: string[]) => run("/usr/local/bin/fairlead", args);
const script = (name: string, text: string) => {
  writeFileSync(name, `#!/bin/sh\n${text}\n`);
  chmodSync(name, 0o755);
};

scenario(
  "under the shipped units a modifier of root's folder runs as root, another as the daemon's user, and a location's filter is loaded",
  async (scene) => {
    const daemon = await scene.installDaemon();
    mkdirSync(folder, { recursive: true });
    scene.add(folder, { name: "modifiers", end: () => rmSync(folder, { recursive: true }) });
    script(`${folder}/mark`, 'echo "$FAIRLEAD_MODIFIER $FAIRLEAD_ACTION $(id -u)" >> /var/log/mark');
    script("/usr/local/bin/who", "id -un");
    daemon.override("TimeoutStartSec=120");
    daemon.systemctl("start", daemon.unit);
    fairlead("modifier", "create", "root", `start=${folder}/mark`, `stop=${folder}/mark`);
    fairlead("modifier", "create", "own", "start=/usr/local/bin/who");
    fairlead("modifier", "enable", "root");
    fairlead("modifier", "enable", "own");
    const shown = (name: string) => fairlead("modifier", "show", name);
    await until("root's is active", () => /online/.test(shown("root")), patienceMs);
    await until("the other is active", () => /online/.test(shown("own")), patienceMs);
    assert.equal(readFileSync("/var/log/mark", "utf8"), "root start 0\n");
    assert.match(shown("own"), /fairlead/);

    await addLan(scene.t, "router");
    await untilState(daemon, "eth0", "ready", patienceMs);
    writeFileSync(filter, "chain input {\n  type filter hook input priority 0;\n  tcp dport 9 drop\n}\n", {
      mode: 0o644,
    });
    scene.add(filter, { name: "packet filter", end: () => rmSync(filter) });
    const table = () => tryRun("nft", ["list", "table", "inet", "fairlead_location"]).stdout;
    const untilLoaded = () => until("the filter is in the kernel", () => /tcp dport 9 drop/.test(table()), patienceMs);
    fairlead("location", "create", "work", `filter=${filter}`);
    fairlead("location", "enable", "work");
    await untilLoaded();
    fairlead("location", "disable", "work");
    await until("the filter is gone with its location", () => table() === "", patienceMs);
    fairlead("location", "enable", "work");
    await untilLoaded();
    daemon.systemctl("stop", daemon.unit);
    assert.equal(table(), "", "the filter is gone with the daemon");
  },
);
