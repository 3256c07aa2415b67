import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { rootModifierFolders } from "../../../src/helper/folder-processes.ts";
import { helperSocket } from "../../../src/helper/helper-messages.ts";
import { installFile } from "../../harness/system-bus.ts";
import { temporaryFolder } from "../../harness/temporary-folder.ts";

const units = [
  "fairlead.service",
  "fairlead-wait-online.service",
  "fairlead-sessions.service",
  "fairlead-helper.service",
  "fairlead-helper.socket",
];

function analyze(...args: string[]): { readonly code: number | null; readonly text: string } {
  const { status, stdout, stderr } = spawnSync("systemd-analyze", args, { encoding: "utf8" });
  return { code: status, text: `${stdout}${stderr}` };
}

test("systemd finds nothing wrong with the units", (t) => {
  const folder = temporaryFolder(t);
  mkdirSync(join(folder, "units"));
  const files = units.map((name) => {
    // Their programs are installed elsewhere; here any program that exists will do.
    const text = readFileSync(installFile(name), "utf8").replace(/^ExecStart=\S+/gm, "ExecStart=/bin/true");
    const file = join(folder, "units", name);
    writeFileSync(file, text);
    return file;
  });
  assert.deepEqual(analyze("verify", "--man=no", ...files), { code: 0, text: "" });
});

/** systemd's charge for the network itself leaves 1.8; the rest is for versions that judge a little harder. */
const mostExposure = 2.0;

test("the units of the helpers leave them next to nothing", () => {
  for (const unit of ["fairlead-wait-online", "fairlead-sessions"]) {
    const { text } = analyze("security", "--offline=true", installFile(`${unit}.service`));
    const [, exposure = "missing"] = /exposure level for \S+\.service: (\d+\.\d+)/.exec(text) ?? [];
    assert.ok(Number(exposure) <= mostExposure, `${unit}: ${text}`);
  }
});

test("the daemon's unit leaves it no more power than it uses", () => {
  const unit = installFile("fairlead.service");
  const { text } = analyze("security", "--offline=true", unit);
  const [, exposure = "missing"] = /exposure level for fairlead\.service: (\d+\.\d+)/.exec(text) ?? [];
  assert.ok(Number(exposure) <= mostExposure, text);
  const lines = readFileSync(unit, "utf8").split("\n");
  for (const line of [
    "User=fairlead",
    "CapabilityBoundingSet=CAP_NET_ADMIN CAP_NET_RAW CAP_NET_BIND_SERVICE",
    "LimitCORE=0",
    "Type=notify",
    "RuntimeDirectoryPreserve=yes",
    "StateDirectoryMode=0700",
  ]) {
    assert.ok(lines.includes(line), line);
  }
});

test("the daemon's user alone connects to the helper, whose socket comes with the daemon", () => {
  const text = (name: string) => readFileSync(installFile(name), "utf8").split("\n");
  const socket = text("fairlead-helper.socket");
  for (const line of [`ListenStream=${helperSocket}`, "SocketUser=fairlead", "SocketMode=0600"])
    assert.ok(socket.includes(line), line);
  assert.ok(text("fairlead.service").includes("Wants=fairlead-helper.socket"));
  const [start = ""] = text("fairlead-helper.service").filter((line) => line.startsWith("ExecStart="));
  const folders = [...start.matchAll(/ --folder (\S+)/g)].map(([, folder]) => folder);
  assert.deepEqual(folders, ["/etc/fairlead/handlers", "/usr/local/lib/fairlead/handlers", ...rootModifierFolders]);
});

test("bus, polkit and systemd speak of the same user", () => {
  const text = (name: string) => readFileSync(installFile(name), "utf8");
  assert.match(text("fairlead.sysusers"), /^u fairlead - /m);
  assert.match(
    text("org.chromium.flimflam.conf"),
    /<policy user="fairlead">\s*<allow own="org\.chromium\.flimflam"\/>/,
  );
  const actions = text("org.fairlead.policy").split("<action ").slice(1);
  for (const action of actions) assert.match(action, /policykit\.owner">unix-user:fairlead</, action);
  assert.ok(actions.length > 0);
});

test("a call before the daemon runs has systemd start its unit", () => {
  const activation = readFileSync(installFile("org.chromium.flimflam.service"), "utf8");
  const [, unit] = /^SystemdService=(\S+)$/m.exec(activation) ?? [];
  assert.match(readFileSync(installFile("fairlead.service"), "utf8"), new RegExp(`^Alias=${unit}$`, "m"));
});
