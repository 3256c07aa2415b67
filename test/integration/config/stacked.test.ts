import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import type { TestDaemon } from "../../harness/daemon.ts";
import { addPeer } from "../../harness/namespace.ts";
import { run } from "../../harness/processes.ts";
import { temporaryFolder } from "../../harness/temporary-folder.ts";
import { until } from "../../harness/until.ts";
import { addressesOf, ip } from "../daemon/kernel-view.ts";
import { addLan, type Lan, plugIn, serviceOn, startDaemon } from "../daemon/support.ts";

const fairlead = fileURLToPath(new URL("../../../bin/fairlead", import.meta.url));
const bridge = (...ports: string[]) =>
  `config device\n option name br-lan\n option type bridge\n${ports.map((port) => ` list ports ${port}\n`).join("")}`;
const lan = "config interface lan\n option proto dhcp\n option device br-lan\n";

interface Port {
  readonly ifname: string;
  readonly ifindex: number;
  readonly master?: string;
}
const links = (): readonly Port[] => JSON.parse(ip("-j", "link")) as Port[];
const portsOf = (name: string): string[] =>
  links()
    .filter(({ master }) => master === name)
    .map(({ ifname }) => ifname)
    .sort();
const indexOf = (name: string): number | undefined => links().find(({ ifname }) => ifname === name)?.ifindex;
const hasLease = () => indexOf("br-lan") !== undefined && /^10\.1\.0\.1\d\d\/24$/.test(String(addressesOf("br-lan")));

async function setUp(t: TestContext): Promise<{ daemon: TestDaemon; file: string; router: Lan }> {
  const file = join(temporaryFolder(t), "network");
  writeFileSync(file, bridge("eth0", "eth1") + lan);
  const router = await addLan(t, "router");
  // Without a DHCP server: behind one bridge it would refuse what the other one has given.
  const office = addPeer("office");
  t.after(() => office.remove());
  plugIn(t, "eth1", office, { peerLink: "lan", address: "10.2.0.1/24" });
  t.after(() => void (indexOf("br-lan") !== undefined && ip("link", "delete", "br-lan")));
  return { daemon: await startDaemon(t, { args: ["--uci-config", file, "--log-level", "debug"] }), file, router };
}

test("a bridge of two links gets a lease, outlives a restart, and goes with its section", async (t) => {
  const { daemon, file } = await setUp(t);
  await until("the bridge has a lease", hasLease);
  assert.deepEqual(portsOf("br-lan"), ["eth0", "eth1"]);
  assert.deepEqual([addressesOf("eth0"), addressesOf("eth1")], [[], []]);
  const index = indexOf("br-lan");
  await daemon.stop();
  assert.ok(hasLease(), "nothing is dropped by the stop");
  await daemon.launch();
  await until("the interface is up", async () => /^lan .*(ready|online|no-connectivity)/m.test(await services(daemon)));
  assert.deepEqual([indexOf("br-lan"), portsOf("br-lan")], [index, ["eth0", "eth1"]]);

  writeFileSync(file, "");
  const reloadedFrom = daemon.log().length;
  const said = run(fairlead, ["config", "reload", "--bus-address", daemon.bus.address]);
  assert.equal(said, "device br-lan: remove\ninterface lan: remove\n");
  await until("the bridge is gone", () => indexOf("br-lan") === undefined);
  await until("eth0 has its own lease", () => /^10\.1\.0\./.test(String(addressesOf("eth0"))));
  const afterwards = () => daemon.log().slice(reloadedFrom);
  await until("the log tells of it", () => /eth0: stopped -> .*-> bound/s.test(afterwards()));
  assert.doesNotMatch(afterwards(), /br-lan: stopped -> /, "no question leaves by the link that goes");
});

test("a port that left the file while the daemon was down leaves the bridge at the start, and is used by itself", async (t) => {
  const { daemon, file } = await setUp(t);
  await until("the bridge has a lease", hasLease);
  const index = indexOf("br-lan");
  await daemon.stop();
  writeFileSync(file, bridge("eth0") + lan);
  await daemon.launch();
  await until("eth1 has left", () => String(portsOf("br-lan")) === "eth0");
  assert.equal(indexOf("br-lan"), index);
  assert.ok(hasLease(), `the bridge keeps its lease: ${addressesOf("br-lan")}`);
  await until("eth1 has a Service of its own", () => serviceOn(daemon, "eth1"));
});

test("the bridge goes with its last port, and all of it comes back with one", async (t) => {
  const { router } = await setUp(t);
  await until("the bridge has a lease", hasLease);
  ip("link", "delete", "eth1");
  await until("one port is left", () => String(portsOf("br-lan")) === "eth0");
  assert.ok(hasLease());
  router.cable.remove();
  await until("the bridge is gone", () => indexOf("br-lan") === undefined);
  await addLan(t, "second", { net: "10.1.0" });
  await until("the bridge has a lease again", hasLease);
  assert.deepEqual(portsOf("br-lan"), ["eth0"]);
});

async function services(daemon: TestDaemon): Promise<string> {
  const paths = (await daemon.manager()).ServiceCompleteList as string[];
  const all = await Promise.all(paths.map((path) => daemon.properties(path, "Service")));
  return all.map(({ Name, State }) => `${Name} ${State}`).join("\n");
}
