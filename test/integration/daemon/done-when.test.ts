import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { busName } from "../../harness/daemon.ts";
import { run } from "../../harness/namespace.ts";
import { until } from "../../harness/until.ts";
import { addressOf, defaultLinks, routeLines } from "./kernel-view.ts";
import { addLan, startDaemon, untilState } from "./support.ts";

const root = fileURLToPath(new URL("../../../", import.meta.url));

/** Output of `fairlead`; from source like the daemon when there is no build. */
function fairlead(address: string, ...args: string[]): string {
  const isFromSource = process.env.FAIRLEAD_TEST_FROM_SOURCE === "1";
  const source = ["--import", "tsx", join(root, "src/cli/main.ts")];
  const program = isFromSource ? source : [join(root, "bin/fairlead")];
  return run(process.execPath, [...program, ...args, "--bus-address", address]);
}

test("a DHCP server behind a veth: address, default route and resolver file are there, gdbus sees it", async (t) => {
  await addLan(t, "server");
  const daemon = await startDaemon(t);
  await untilState(daemon, "eth0", "ready");
  assert.match(addressOf("eth0") ?? "", /^10\.1\.0\.1\d\d\/24$/);
  assert.ok(routeLines().includes("default via 10.1.0.1 dev eth0 proto 102"));
  assert.match(readFileSync(join(daemon.runDir, "resolv.conf"), "utf8"), /^nameserver 10\.1\.0\.53$/m);
  const call = ["call", "-a", daemon.bus.address, "-d", busName, "-o", "/", "-m"];
  const manager = run("gdbus", [...call, "org.chromium.flimflam.Manager.GetProperties"]);
  assert.match(manager, /'Devices': <\[objectpath '\/device\/eth0'\]>/);
  assert.match(manager, /'ConnectionState': <'(ready|online)'>/);
});

test("`fairlead why` explains the order of two cables", async (t) => {
  await addLan(t, "home", { link: "eth0", net: "10.1.0" });
  await addLan(t, "office", { link: "eth1", net: "10.2.0" });
  const daemon = await startDaemon(t);
  for (const link of ["eth0", "eth1"]) await untilState(daemon, link, "ready");
  const { path } = await untilState(daemon, "eth1", "ready");
  await daemon.setProperty(String(path), "Service", "Priority", "i", 5);
  await until("eth1 leads", () => defaultLinks().join() === "eth1,eth0");
  const why = fairlead(daemon.bus.address, "why");
  assert.match(why, /1\..*eth1.*\n.*2\..*eth0/s);
  assert.match(why, /priority/i);
});
