import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestDaemon } from "../../../harness/daemon.ts";
import { type Peer, run } from "../../../harness/namespace.ts";
import { tryRun } from "../../../harness/processes.ts";
import { until } from "../../../harness/until.ts";
import { plugIn, startServer, untilState } from "../../../integration/daemon/support.ts";
import { patienceMs } from "../../guest/patience.ts";
import { type Scene, scenario } from "../../guest/scene.ts";

const server = "198.51.100.7";
const inside = "10.64.0.1";

scenario(
  "a tunnel carries the traffic, follows the network below, outlives a restart, and leaves nothing behind",
  async (scene) => {
    const { world, daemon } = await twoUplinks(scene);
    const { keys, file } = tunnelFile(world);
    assert.deepEqual(traces(daemon), []);
    const imported = fairlead(daemon, "vpn", "import", file);
    assert.match(imported, /work is imported/);
    assert.match(fairlead(daemon, "connect", "work", "--wait", "20"), /online/);
    await scene.ping(inside);
    assert.match(run("ip", ["route", "get", "203.0.113.1"]), /dev wg0/);
    assert.match(run("ip", ["route", "get", server]), /dev eth0/);
    assert.match(fairlead(daemon, "vpn", "list"), /work +wireguard +198\.51\.100\.7 +online/);
    assert.match(fairlead(daemon, "get", "work", "IPConfig"), /ipconfig\/wg0/);
    const link = run("ip", ["-o", "link", "show", "wg0"]).split(":")[0];

    world.cables.eth0.unplug();
    await until(
      "the way to the server follows",
      () => /dev eth1/.test(tryRun("ip", ["route", "get", server]).stdout),
      patienceMs,
    );
    await scene.ping(inside);
    assert.equal(run("ip", ["-o", "link", "show", "wg0"]).split(":")[0], link);

    world.cables.eth1.unplug();
    await until("it waits", () => /configuration/.test(fairlead(daemon, "vpn", "list")), patienceMs);
    assert.match(fairlead(daemon, "why", "work"), /no network is connected/);
    assert.match(run("ip", ["route", "get", inside]), /dev wg0/);
    world.cables.eth1.plug();
    await until("it goes on", () => /online/.test(fairlead(daemon, "vpn", "list")), patienceMs);
    await scene.ping(inside);

    await daemon.kill();
    await daemon.launch();
    await until("a later run goes on with it", () => /online/.test(fairlead(daemon, "vpn", "list")), patienceMs);
    assert.equal(run("ip", ["-o", "link", "show", "wg0"]).split(":")[0], link);
    await scene.ping(inside);

    world.cables.eth0.plug();
    await untilState(daemon, "eth0", "ready", patienceMs);
    const told = [
      daemon.log(),
      fairlead(daemon, "dump", "--json"),
      fairlead(daemon, "get", "work"),
      fairlead(daemon, "report"),
    ].join("\n");
    for (const secret of keys) assert.ok(!told.includes(secret), "a key is told");
    fairlead(daemon, "disconnect", "work");
    await until("it is idle", () => /idle/.test(fairlead(daemon, "vpn", "list")), patienceMs);
    assert.deepEqual(traces(daemon), []);
  },
);

scenario("a server by name is reached as soon as its name exists, however late that is", async (scene) => {
  const { world, daemon } = await twoUplinks(scene);
  const { file } = tunnelFile(world, "vpn.lan.test");
  fairlead(daemon, "vpn", "import", file);
  fairlead(daemon, "connect", "work");
  await until(
    "it says why it waits",
    () => /vpn\.lan\.test has no address yet/.test(fairlead(daemon, "why", "work")),
    patienceMs,
  );
  assert.match(run("ip", ["link", "show", "wg0"]), /wg0/);
  world.peer.exec("ip", "address", "add", "10.1.0.53/24", "dev", "lan0");
  const record = `--host-record=vpn.lan.test,${server}`;
  const options = ["--no-daemon", "--conf-file=/dev/null", "--no-hosts", "--no-resolv", "--pid-file=", record];
  const names = world.peer.spawn("dnsmasq", [...options, "--bind-interfaces", "--listen-address=10.1.0.53"]);
  scene.add(names, { name: "dnsmasq", log: () => names.output(), end: () => names.end() });
  await until("the peer is reached", () => /online/.test(fairlead(daemon, "vpn", "list")), patienceMs);
  await scene.ping(inside);
});

const fairlead = (daemon: TestDaemon, ...args: string[]): string =>
  tryRun("env", [`DBUS_SYSTEM_BUS_ADDRESS=${daemon.busAddress}`, "bin/fairlead", ...args]).stdout;

/** Traces of the tunnel in the kernel and the resolver file. */
function traces(daemon: TestDaemon): readonly string[] {
  const asked = [["-d", "-o", "link"], ["-o", "address"], ["route", "show", "table", "all"], ["rule"]];
  const lines = [...asked.map((args) => run("ip", args)), readFileSync(join(daemon.folder, "run/resolv.conf"), "utf8")];
  return lines
    .join("\n")
    .split("\n")
    .filter((line) => /wireguard|wg\d|10\.64\.|198\.51\.100\./.test(line));
}

/** Two ways to one other machine, which has the server's address on a link of its own. */
async function twoUplinks(scene: Scene) {
  const peer = scene.addPeer("net");
  peer.exec("ip", "link", "set", "lo", "up");
  peer.exec("ip", "address", "add", `${server}/32`, "dev", "lo");
  const cables = {
    eth0: plugIn(scene.t, "eth0", peer, { peerLink: "lan0", address: "10.1.0.1/24" }),
    eth1: plugIn(scene.t, "eth1", peer, { peerLink: "lan1", address: "10.2.0.1/24" }),
  };
  await startServer(scene.t, peer, "10.1.0", { link: "lan0" });
  await startServer(scene.t, peer, "10.2.0", { link: "lan1" });
  const daemon = await scene.startDaemon();
  for (const link of ["eth0", "eth1"]) await untilState(daemon, link, "ready", patienceMs);
  return { world: { peer, cables }, daemon };
}

function tunnelFile({ peer }: { readonly peer: Peer }, host = server) {
  const [ours, theirs] = [makeKeys(), makeKeys()];
  const shared = run("wg", ["genpsk"]).trim();
  const folder = mkdtempSync(join(tmpdir(), "vpn-"));
  const write = (name: string, text: string) => {
    writeFileSync(join(folder, name), text, { mode: 0o600 });
    return join(folder, name);
  };
  peer.exec("ip", "link", "add", "wg0", "type", "wireguard");
  peer.exec("ip", "address", "add", `${inside}/24`, "dev", "wg0");
  const own = ["listen-port", "51820", "private-key", write("key", theirs.private)];
  const other = ["peer", ours.public, "preshared-key", write("psk", shared), "allowed-ips", "10.64.0.2/32"];
  peer.exec("wg", "set", "wg0", ...own, ...other);
  peer.exec("ip", "link", "set", "wg0", "up");
  const file = write(
    "work.conf",
    [
      "[Interface]",
      `PrivateKey = ${ours.private}`,
      "Address = 10.64.0.2/24",
      `DNS = ${inside}`,
      "[Peer]",
      `PublicKey = ${theirs.public}`,
      `PresharedKey = ${shared}`,
      "AllowedIPs = 0.0.0.0/0",
      `Endpoint = ${host}:51820`,
    ].join("\n"),
  );
  return { file, keys: [ours.private, shared, theirs.private] };
}
function makeKeys() {
  const own = run("wg", ["genkey"]).trim();
  return { private: own, public: run("wg", ["pubkey"], own).trim() };
}
