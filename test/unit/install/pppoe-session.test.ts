import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { temporaryFolder } from "../../harness/temporary-folder.ts";

const program = fileURLToPath(new URL("../../../scripts/handlers/pppoe-session", import.meta.url));
const session = [
  ...["plugin", "pppoe.so", "nic-eth0.7", "pppoe-padi-timeout", "2", "plugin", "passwordfd.so", "passwordfd", "0"],
  ...["user", "pty /bin/sh", "pppoe-service", "", "nodetach", "noauth", "usepeerdns", "mtu", "1492"],
  ...["ip-up-script", "/bin/true", "lcp-echo-failure", "5", "ipparam", "fairlead"],
];

test("the words of a PPPoE session reach pppd as they are, in the process that was started", (t) => {
  const folder = temporaryFolder(t);
  // pppd has a fixed place, which no test may write to.
  const copy = join(folder, "pppoe-session");
  const pppd = join(folder, "pppd");
  writeFileSync(pppd, '#!/bin/sh\necho $$\nfor word do echo "$word"; done\nexit 19\n', { mode: 0o755 });
  writeFileSync(copy, readFileSync(program, "utf8").replace("/usr/sbin/pppd", pppd), { mode: 0o755 });
  const { status, stdout, pid } = spawnSync(copy, session, { encoding: "utf8" });
  assert.deepEqual([status, stdout], [19, `${[pid, ...session].join("\n")}\n`]);
});

test("a word that would run a program, touch a file or change a route is refused", () => {
  const refused: readonly (readonly string[])[] = [
    ["pty", "/bin/sh"],
    ["connect", "/bin/sh"],
    ["plugin", "/tmp/evil.so"],
    ["plugin", "pppoe.so", "plugin", "../evil.so"],
    ["file", "/etc/shadow"],
    ["call", "../../tmp/x"],
    ["ip-up-script", "/tmp/x"],
    ["nic-/dev/tty"],
    ["nic-"],
    ["mtu", "1492 pty"],
    ["logfile", "/etc/passwd"],
    ["defaultroute"],
    ["user"],
    [""],
    ["dump"],
  ];
  for (const words of refused) {
    const { status, stderr } = spawnSync(program, words, { encoding: "utf8" });
    assert.equal(status, 2, words.join(" "));
    assert.match(stderr, /^pppoe-session: .* (is refused|without a value is refused)\n$/, words.join(" "));
  }
  assert.equal(spawnSync(program, ["", "dump"]).status, 0, "asked what it is, it says nothing");
});
