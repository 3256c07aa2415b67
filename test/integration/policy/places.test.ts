import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { TestDaemon } from "../../harness/daemon.ts";
import { tryRun } from "../../harness/processes.ts";
import { temporaryFolder } from "../../harness/temporary-folder.ts";
import { until } from "../../harness/until.ts";
import { fairlead } from "../cli/support.ts";
import { addLan, startDaemon, untilState } from "../daemon/support.ts";

const inRange = "condition=ip-address is-in-range 10.1.0.0/16";
const nft = "/usr/sbin/nft";

function run(daemon: TestDaemon, ...args: string[]): string {
  const { code, stdout, stderr } = fairlead(daemon, ...args);
  assert.equal(code, 0, `${args.join(" ")}: ${stderr}`);
  return stdout;
}
const shown = (daemon: TestDaemon, kind: string, name: string): Record<string, unknown> =>
  JSON.parse(run(daemon, kind, "show", name, "--json")) as Record<string, unknown>;
const untilShown = (daemon: TestDaemon, kind: string, name: string, state: string) =>
  until(`${kind} ${name} is ${state}`, () => shown(daemon, kind, name).state === state);
const resolver = (daemon: TestDaemon): string => {
  const path = join(daemon.runDir, "resolv.conf");
  return existsSync(path) ? readFileSync(path, "utf8") : "";
};

test("a location by address range sets name servers, over a restart too, and they are undone when the cable is out", async (t) => {
  const { cable } = await addLan(t, "router");
  const daemon = await startDaemon(t);
  await untilState(daemon, "eth0", "ready");
  await until("the network's name server is in use", () => /10\.1\.0\.53/.test(resolver(daemon)));
  run(daemon, "location", "create", "work", inRange, "dns=192.0.2.53", "search=corp.example");
  await until("the location's name server is in use", () => /^nameserver 192\.0\.2\.53$/m.test(resolver(daemon)));
  assert.match(resolver(daemon), /^search corp\.example$/m);
  assert.doesNotMatch(resolver(daemon), /10\.1\.0\.53/);
  assert.match(run(daemon, "why", "location"), /The Location is work: ip-address is-in-range 10\.1\.0\.0\/16/);
  await daemon.stop();
  await daemon.launch();
  await until("it is in use again", () => /192\.0\.2\.53/.test(resolver(daemon)));
  cable.unplug();
  await until("nothing is asked without a network", () => !/nameserver/.test(resolver(daemon)));
  cable.plug();
  await until("it is back with the cable", () => /192\.0\.2\.53/.test(resolver(daemon)));
  run(daemon, "location", "destroy", "work");
  await until("the network's own is back", () => /10\.1\.0\.53/.test(resolver(daemon)));
});

test("a location by the router's MAC address is entered, and left when another router is at the other end", async (t) => {
  const { cable, peer } = await addLan(t, "router");
  const [, routerMac = ""] = /link\/ether (\S+)/.exec(peer.exec("ip", "link", "show", "lan")) ?? [];
  const daemon = await startDaemon(t);
  await untilState(daemon, "eth0", "ready");
  run(daemon, "location", "create", "home", `condition=gateway-mac is ${routerMac}`, "dns=192.0.2.53");
  await untilShown(daemon, "location", "home", "online");
  assert.match(run(daemon, "why", "location"), new RegExp(`home: gateway-mac is ${routerMac}`));
  cable.unplug();
  await untilShown(daemon, "location", "home", "offline");
  peer.exec("ip", "link", "set", "lan", "down");
  peer.exec("ip", "link", "set", "lan", "address", "02:00:00:00:77:77", "up");
  cable.plug();
  await untilState(daemon, "eth0", "ready");
  run(daemon, "location", "create", "elsewhere", "condition=gateway-mac is 02:00:00:00:77:77");
  await untilShown(daemon, "location", "elsewhere", "online");
  assert.equal(shown(daemon, "location", "home").state, "offline");
});

test("a modifier's program runs by its conditions, its end and its last line are told, and it is undone at the daemon's end", async (t) => {
  const { cable } = await addLan(t, "router");
  const folder = temporaryFolder(t);
  const [script, record] = [join(folder, "vpn"), join(folder, "record")];
  writeFileSync(script, `#!/bin/sh\necho "$FAIRLEAD_MODIFIER $1" >> ${record}\necho "tunnel $1"\n`, { mode: 0o755 });
  const lines = () => (existsSync(record) ? readFileSync(record, "utf8").trim().split("\n") : []);
  const daemon = await startDaemon(t);
  await untilState(daemon, "eth0", "ready");
  run(daemon, "modifier", "create", "vpn", inRange, `start=${script} up`, `stop=${script} down`);
  await untilShown(daemon, "modifier", "vpn", "online");
  assert.deepEqual(lines(), ["vpn up"]);
  const { lastExit, lastOutput } = shown(daemon, "modifier", "vpn");
  assert.deepEqual([lastExit, lastOutput], [0, "tunnel up"]);
  cable.unplug();
  await untilShown(daemon, "modifier", "vpn", "offline");
  cable.plug();
  await untilShown(daemon, "modifier", "vpn", "online");
  await daemon.stop();
  assert.deepEqual(lines(), ["vpn up", "vpn down", "vpn up", "vpn down"]);
});

test("a modifier whose stop hangs does not keep the daemon from its end", async (t) => {
  const folder = temporaryFolder(t);
  const [script, record] = [join(folder, "vpn"), join(folder, "record")];
  writeFileSync(script, `#!/bin/sh\n[ $1 = up ] && exit\ntrap "" TERM\necho $$ > ${record}\nexec sleep 6000\n`, {
    mode: 0o755,
  });
  const daemon = await startDaemon(t);
  run(daemon, "modifier", "create", "vpn", `start=${script} up`, `stop=${script} down`);
  run(daemon, "modifier", "enable", "vpn");
  await untilShown(daemon, "modifier", "vpn", "online");
  await daemon.stop();
  assert.match(daemon.log(), /not waited for any longer: modifier vpn stop$/m);
  const pid = readFileSync(record, "utf8").trim();
  assert.match(pid, /^\d+$/);
  await until("it went with the daemon", () => !existsSync(`/proc/${pid}`));
});

test("a program that others can write is not run", async (t) => {
  const folder = temporaryFolder(t);
  const script = join(folder, "vpn");
  writeFileSync(script, "#!/bin/sh\n", { mode: 0o755 });
  tryRun("chmod", ["0777", script]);
  const daemon = await startDaemon(t);
  run(daemon, "modifier", "create", "vpn", `start=${script}`);
  run(daemon, "modifier", "enable", "vpn");
  await untilShown(daemon, "modifier", "vpn", "maintenance");
  assert.match(String(shown(daemon, "modifier", "vpn").because), /can be written by others/);
});

test("a location's packet filter is in the kernel while it is active, and a broken one is maintenance with nft's words", async (t) => {
  if (!existsSync(nft)) return t.skip("nftables is not installed");
  await addLan(t, "router");
  const file = join(temporaryFolder(t), "work.nft");
  writeFileSync(file, "chain input {\n  type filter hook input priority 0;\n  tcp dport 9 drop\n}\n", { mode: 0o644 });
  const table = () => tryRun(nft, ["list", "table", "inet", "fairlead_location"]).stdout;
  const daemon = await startDaemon(t);
  await untilState(daemon, "eth0", "ready");
  run(daemon, "location", "create", "work", `filter=${file}`);
  run(daemon, "location", "enable", "work");
  await untilShown(daemon, "location", "work", "online");
  assert.match(table(), /tcp dport 9 drop/);
  run(daemon, "location", "disable", "work");
  await until("the table is gone", () => table() === "");
  writeFileSync(file, "chain input { nonsense }\n");
  run(daemon, "location", "enable", "work");
  await untilShown(daemon, "location", "work", "maintenance");
  assert.match(String(shown(daemon, "location", "work").because), /nft ended with 1: .*[Ee]rror/);
  assert.equal(shown(daemon, "location", "NoNet").state, "online");
  assert.equal(table(), "");
});
