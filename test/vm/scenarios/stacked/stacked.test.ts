import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { run } from "../../../harness/namespace.ts";
import { tryRun } from "../../../harness/processes.ts";
import { until } from "../../../harness/until.ts";
import { addLan, startServer } from "../../../integration/daemon/support.ts";
import { patienceMs } from "../../guest/patience.ts";
import { scenario } from "../../guest/scene.ts";

const ip = (...args: string[]) => run("ip", args);
const hasLink = (name: string) => tryRun("ip", ["link", "show", "dev", name]).code === 0;
const addressOf = (name: string): string =>
  tryRun("ip", ["-4", "-oneline", "address", "show", "dev", name]).stdout.split(/\s+/)[3] ?? "";
const file = "/run/network.uci";
const bridge = "config device\n option name br-lan\n option type bridge\n list ports eth0\n list ports eth1\n";
const guests = (vlan: number) => `config interface guests\n option proto dhcp\n option device br-lan.${vlan}\n`;
const trunk = "config interface lan\n option proto dhcp\n option device br-lan\n";

scenario(
  "a VLAN on a bridge of two cables gets its own lease, goes with the ports and comes back with one",
  async (scene) => {
    writeFileSync(file, bridge + trunk + guests(20));
    const { peer } = await addLan(scene.t, "router");
    peer.exec("ip", "link", "add", "link", "lan", "name", "lan20", "type", "vlan", "id", "20");
    peer.exec("ip", "address", "add", "10.20.0.1/24", "dev", "lan20");
    peer.exec("ip", "link", "set", "lan20", "up");
    const range = "10.20.0.100,10.20.0.199,255.255.255.0,1h";
    await startServer(scene.t, peer, "10.20.0", { link: "lan20", range });
    const daemon = await scene.startDaemon({ args: ["--uci-config", file] });
    const hasLeases = () => /^10\.1\.0\./.test(addressOf("br-lan")) && /^10\.20\.0\./.test(addressOf("br-lan.20"));
    await until("bridge and VLAN have leases", hasLeases, patienceMs);
    await scene.ping("10.20.0.1", "br-lan.20");
    assert.match(ip("-d", "link", "show", "dev", "br-lan.20"), /br-lan\.20@br-lan.*vlan protocol 802\.1Q id 20/s);
    assert.equal(addressOf("eth0"), "");

    ip("link", "delete", "eth0");
    await until("bridge and VLAN are gone", () => !hasLink("br-lan") && !hasLink("br-lan.20"), patienceMs);
    await until("the other end is gone", () => !/lan@/.test(peer.exec("ip", "link")), patienceMs);
    const second = await addLan(scene.t, "second", { link: "eth1" });
    second.peer.exec("ip", "link", "add", "link", "lan", "name", "lan20", "type", "vlan", "id", "20");
    second.peer.exec("ip", "address", "add", "10.20.0.1/24", "dev", "lan20");
    second.peer.exec("ip", "link", "set", "lan20", "up");
    await startServer(scene.t, second.peer, "10.20.0", { link: "lan20", range });
    await until("both are back on the other port", hasLeases, patienceMs);

    const index = /^(\d+):/.exec(ip("-oneline", "link", "show", "dev", "br-lan"))?.[1];
    await daemon.stop();
    await daemon.launch();
    writeFileSync(file, bridge + trunk);
    run("bin/fairlead", ["config", "reload", "--bus-address", daemon.bus.address]);
    await until("the VLAN is gone", () => !hasLink("br-lan.20"), patienceMs);
    assert.equal(/^(\d+):/.exec(ip("-oneline", "link", "show", "dev", "br-lan"))?.[1], index, "the bridge stays");
  },
);
