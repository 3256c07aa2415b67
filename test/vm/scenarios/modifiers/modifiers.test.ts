import assert from "node:assert/strict";
import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { run } from "../../../harness/processes.ts";
import { until } from "../../../harness/until.ts";
import { patienceMs } from "../../guest/patience.ts";
import { scenario } from "../../guest/scene.ts";

const folder = "/etc/fairlead/modifiers";
const fairlead = (...args: string[]) => run("/usr/local/bin/fairlead", args);
const script = (name: string, text: string) => {
  writeFileSync(name, `#!/bin/sh\n${text}\n`);
  chmodSync(name, 0o755);
};

scenario(
  "under the shipped units a modifier of root's folder runs as root, another as the daemon's user",
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
  },
);
