import assert from "node:assert/strict";
import { ProcessClock } from "../../../../src/base/clock.ts";
import { silentLog } from "../../../../src/base/log.ts";
import { BusClient } from "../../../../src/bus/bus-client.ts";
import { Resolved } from "../../../../src/resolver/resolved.ts";
import { resolvedCases, type ShownNames } from "../../../contract/resolved/resolved-cases.ts";
import { DaemonClient } from "../../../harness/daemon-client.ts";
import { run } from "../../../harness/processes.ts";
import { until } from "../../../harness/until.ts";
import { ipv6Lan, server } from "../../../integration/daemon/advertising-router.ts";
import { kernelLink } from "../../../integration/daemon/kernel-view.ts";
import { addLan, serviceOn, untilState } from "../../../integration/daemon/support.ts";
import { systemBus } from "../../guest/booted-system.ts";
import { InstalledDaemon } from "../../guest/installed-daemon.ts";
import { patienceMs } from "../../guest/patience.ts";
import { restartResolved, shownNames, startResolved } from "../../guest/resolved.ts";
import { scenario } from "../../guest/scene.ts";

scenario("systemd-resolved keeps the contract of its fake", async (scene) => {
  startResolved();
  for (const link of ["dummy1", "dummy2"]) {
    run("ip", ["link", "add", link, "type", "dummy"]);
    scene.add(link, { name: link, end: () => run("ip", ["link", "delete", link]) });
  }
  const links = [kernelLink("dummy1").ifindex, kernelLink("dummy2").ifindex] as const;
  const clock = new ProcessClock();
  const bus = new BusClient({ address: systemBus.busAddress, clock, log: silentLog });
  await bus.connect();
  scene.add(bus, { name: "bus", end: () => bus.close() });
  const viewer = await DaemonClient.connectClient(systemBus.busAddress);
  scene.add(viewer, { name: "viewer", end: () => viewer.close() });
  for (const [name, act] of Object.entries(resolvedCases)) {
    console.log(name);
    const resolved = new Resolved({ bus, clock, log: silentLog });
    resolved.start();
    await act({
      resolved,
      links,
      shown: (link) => shownNames(viewer, link),
      restart: async () => restartResolved(),
      until: (what, isSo) => until(what, isSo, patienceMs).then(() => {}),
    });
    resolved.update([]);
    await until("nothing is left", () => resolved.links.length === 0, patienceMs);
    resolved.stop();
  }
});

scenario(
  "the installed daemon tells systemd-resolved each link's names, again after its restart, and takes them back",
  async (scene) => {
    startResolved();
    const daemon = await scene.installDaemon();
    await addLan(scene.t, "home");
    await addLan(scene.t, "office", { link: "eth1", net: "10.2.0" });
    daemon.systemctl("start", daemon.unit);
    for (const link of ["eth0", "eth1"]) await untilState(daemon, link, "ready", patienceMs);
    const best = (await serviceOn(daemon, "eth0"))?.path === (await daemon.manager()).DefaultService ? "eth0" : "eth1";
    const other = best === "eth0" ? "eth1" : "eth0";
    const shows = async (link: string, want: Partial<ShownNames>) => {
      const { ifindex } = kernelLink(link);
      await until(
        `${link} has ${JSON.stringify(want)}`,
        async () => {
          const has = await shownNames(daemon.client, ifindex).catch(() => undefined);
          return (
            has && Object.entries(want).every(([key, value]) => String(has[key as keyof ShownNames]) === String(value))
          );
        },
        patienceMs,
      );
    };
    const serverOn = { eth0: ["10.1.0.53"], eth1: ["10.2.0.53"] } as const;
    const showBoth = async () => {
      await shows(best, { nameServers: serverOn[best], searchDomains: ["lan.test"], isDefault: true });
      await shows(other, { nameServers: serverOn[other], searchDomains: ["lan.test"], isDefault: false });
    };

    await showBoth();
    assert.match(run("resolvectl", ["dns", best]), new RegExp(`\\(${best}\\): ${serverOn[best][0]}\\n`));
    const why = run("/usr/local/bin/fairlead", ["why"]).replace(/\s+/g, " ");
    assert.match(why, /systemd-resolved is told of them, too: \/etc\/resolv\.conf leads to it\./);

    restartResolved();
    await showBoth();

    const { path } = (await serviceOn(daemon, best)) ?? {};
    await daemon.call(String(path), "org.chromium.flimflam.Service", "Disconnect");
    await shows(best, { nameServers: [], searchDomains: [] });
    await shows(other, { nameServers: serverOn[other], isDefault: true });
    assert.equal(run("journalctl", ["--boot", "--unit", daemon.unit, "--priority=warning", "--output=cat"]), "");
  },
);

scenario(
  "under the shipped unit a network with IPv6 alone is used: addresses, way out, names, and a fixed address",
  async (scene) => {
    startResolved();
    const daemon = await scene.installDaemon();
    await ipv6Lan(scene.t);
    daemon.systemctl("start", daemon.unit);
    await untilState(daemon, "eth0", "ready", patienceMs);
    const config = async () =>
      (await serviceOn(daemon, "eth0"))?.NetworkConfig as { [name: string]: string & readonly string[] };
    const { IPv4Address, IPv6Addresses, IPv6Gateway } = await config();
    assert.equal(IPv4Address, "");
    assert.ok(
      IPv6Addresses?.every((address) => address.startsWith("2001:db8:1:")),
      String(IPv6Addresses),
    );
    assert.match(String(IPv6Gateway), /^fe80::/);
    const { ifindex } = kernelLink("eth0");
    const servers = async () => (await shownNames(daemon.client, ifindex).catch(() => undefined))?.nameServers;
    await until(
      "systemd-resolved has the router's name server",
      async () => String(await servers()) === server,
      patienceMs,
    );
    assert.match(run("ping", ["-6", "-c1", "-W10", "2001:db8:1::1"]), /1 received/);
    run("/usr/local/bin/fairlead", ["set", "eth0", "StaticIPConfig", "address=2001:db8:1::77/64"]);
    const isFirst = async () => (await config()).IPv6Addresses?.[0] === "2001:db8:1::77/64";
    await until("the fixed address is first", isFirst, patienceMs);
    assert.match(run("ip", ["-6", "address", "show", "dev", "eth0"]), /2001:db8:1::77\/64/);
    assert.equal(run("journalctl", ["--boot", "--unit", daemon.unit, "--priority=warning", "--output=cat"]), "");
  },
);

const answer204 = `
require("node:http").createServer((from, to) => to.writeHead(204).end()).listen(80, "10.1.0.1", () => console.log("listens"));
`;

scenario("under the shipped unit probes ask the link's own name server and leave by the link", async (scene) => {
  const daemon = await scene.installDaemon();
  const { peer } = await addLan(scene.t, "home", { dhcp: { options: ["option:dns-server,10.1.0.1"] } });
  const named = peer.spawn("dnsmasq", [
    ...["--conf-file=/dev/null", "--keep-in-foreground", "--log-facility=-", "--user=root", "--group=", "--pid-file="],
    ...[
      "--no-resolv",
      "--no-hosts",
      "--bind-interfaces",
      "--listen-address=10.1.0.1",
      "--address=/probe.test/10.1.0.1",
    ],
  ]);
  scene.add(named, { name: "dnsmasq", log: () => named.output(), end: () => named.end() });
  const web = peer.spawn(process.execPath, ["-e", answer204]);
  scene.add(web, { name: "web", log: () => web.output(), end: () => web.end() });
  await named.untilOutput(/started/, patienceMs);
  await web.untilOutput(/listens/, patienceMs);
  InstalledDaemon.configure([], "http://probe.test/204");
  scene.add(web, { name: "configuration", end: () => InstalledDaemon.configure() });
  daemon.systemctl("start", daemon.unit);
  await untilState(daemon, "eth0", "online", patienceMs);
  assert.equal(run("journalctl", ["--boot", "--unit", daemon.unit, "--priority=warning", "--output=cat"]), "");
});
