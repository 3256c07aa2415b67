import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { busName } from "../../harness/daemon.ts";
import { run } from "../../harness/namespace.ts";
import { addressOf, routeLines } from "./kernel-view.ts";
import { addLan, startDaemon, untilState } from "./support.ts";

test("a DHCP server behind a veth: address, route, resolver file, gdbus sees it, and `fairlead why` explains", async (t) => {
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
  const root = fileURLToPath(new URL("../../../", import.meta.url));
  const why = run(process.execPath, [
    "--import",
    "tsx",
    join(root, "src/cli/main.ts"),
    "why",
    "--bus-address",
    daemon.bus.address,
  ]);
  console.log(why);
});
