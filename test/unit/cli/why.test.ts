import assert from "node:assert/strict";
import { test } from "node:test";
import { orderSentence, refusalSentence } from "../../../src/cli/view/reasons.ts";
import { type ServiceView, withoutSettings } from "../../../src/cli/view/service-view.ts";
import { BusObject } from "../../../src/cli/view/snapshot.ts";
import { technologyModules } from "../../../src/technologies/modules.ts";
import { scene } from "./daemon-scene.ts";
import { entry, FakeDaemon, orderEntry } from "./fake-daemon.ts";

test("why tells route, name servers, order and what is left alone in sentences", async (t) => {
  const daemon = await FakeDaemon.start(t);
  const { code, out } = await daemon.runWith({ env: { COLUMNS: "80" } }, "why");
  assert.equal(code, 0);
  assert.equal(
    out,
    `The machine is online through Ethernet on eth0.

Default route and name servers
The default route goes by eth0 to 192.0.2.1, as DHCP says.
Names are asked of 192.0.2.53, 192.0.2.54, as DHCP on eth0 says.

The order of Services
1. Ethernet on eth0 (online) comes before Ethernet on eth1: it is online.
2. Ethernet on eth1 (idle).

Not connected
Ethernet on eth1: nothing is plugged in or in range.

Left alone
docker0: name docker0.
`,
  );
});

test("why names the numbers that decided", async (t) => {
  const daemon = await FakeDaemon.start(t);
  daemon.at("/service/0").set("Priority", 5);
  daemon.order = [orderEntry("/service/0", "", "", "Priority", 0), orderEntry("/service/1", "", "", "", 1)];
  assert.match((await daemon.run("why")).out, /its Priority is larger \(5 over 0\)/);
  daemon.order = [orderEntry("/service/0", "", "", "Technology", 0), orderEntry("/service/1", "", "", "", 1)];
  daemon.at("/service/1").set("Type", "wifi");
  assert.match(
    (await daemon.run("why")).out,
    /ethernet comes before wifi in the order of technologies \(vpn,ethernet,wifi\)/,
  );
});

test("why names the error of a section that cannot be set up", async (t) => {
  const daemon = await FakeDaemon.start(t);
  const lacking = orderEntry("/service/1", "INVALID_PROTO", "not connectable", "", 1);
  daemon.order = [orderEntry("/service/0", "", "", "IsOnline", 0), lacking];
  assert.match((await daemon.run("why")).out, /it lacks something it needs to connect \(INVALID_PROTO\)\./);
});

test("why tells which program is told of the name servers, why, and what it refuses", async (t) => {
  const daemon = await FakeDaemon.start(t);
  daemon.resolver = entry({ BackEnd: ["s", "file"], BackEndBecause: ["s", "systemd-resolved is not on the bus"] });
  assert.match((await daemon.run("why")).out, /They are in the file alone: systemd-resolved is not on the bus\./);
  daemon.resolver = entry({
    BackEnd: ["s", "systemd-resolved"],
    BackEndBecause: ["s", "/etc/resolv.conf leads to it"],
    Problem: ["s", "not authorised"],
  });
  const { out } = await daemon.run("why");
  assert.match(out, /systemd-resolved is told of them, too: \/etc\/resolv\.conf leads to it\./);
  assert.match(out, /systemd-resolved refuses: not authorised\./);
  assert.equal(((await daemon.json("why")).resolver as { BackEnd: string }).BackEnd, "systemd-resolved");
});

test("why tells a person's own settings from those of the network", async (t) => {
  const daemon = await FakeDaemon.start(t);
  const own = { Address: ["s", "192.0.2.5"], NameServers: ["as", ["192.0.2.53"]] } as const;
  daemon.at("/service/0").set("StaticIPConfig", entry(own));
  const { out } = await daemon.run("why");
  assert.match(out, /goes by eth0 to 192\.0\.2\.1, as StaticIPConfig says/);
  assert.match(out, /as StaticIPConfig on eth0 says/);
  const why = await daemon.json("why");
  assert.deepEqual(why.defaultRoutes, [{ link: "eth0", gateway: "192.0.2.1", source: "StaticIPConfig" }]);
});

test("router advertisements say, DHCP says", async (t) => {
  const daemon = await FakeDaemon.start(t);
  const { value } = daemon.at("/device/eth0").values.get("IPConfigs") as { value: unknown };
  daemon.at(String(value)).set("Method", "ipv6");
  const { out } = await daemon.run("why");
  assert.match(out, /goes by eth0 to 192\.0\.2\.1, as router advertisements say\.$/m);
  assert.match(out, /as router advertisements on eth0 say\.$/m);
});

const foreignFront = (more: Parameters<typeof entry>[0] = {}) =>
  entry({
    Family: ["u", 4],
    Destination: ["s", "0.0.0.0/0"],
    Link: ["s", "docker0"],
    Gateway: ["s", ""],
    Type: ["s", "unicast"],
    Metric: ["u", 0],
    Protocol: ["u", 3],
    Own: ["b", false],
    OvertakenLink: ["s", "eth0"],
    OvertakenMetric: ["u", 200],
    ...more,
  });

test("why and status tell whose default route is in front when it is another program's", async (t) => {
  const daemon = await FakeDaemon.start(t);
  daemon.defaultRoutes = [foreignFront()];
  const sentence =
    "IPv4 packets go by docker0: the route that is in front (metric 0, protocol boot) is not Fairlead's, and comes " +
    "before that of eth0 (metric 200).";
  const out = (await daemon.run("why")).out.replace(/\s+/g, " ");
  assert.ok(out.includes(sentence), out);
  assert.ok(out.includes("Fairlead's own default route goes by eth0 to 192.0.2.1, as DHCP says."), out);
  assert.deepEqual((await daemon.json("status")).hints, [sentence]);
  const [front] = (await daemon.json("why")).frontRoutes as { link: string; overtakenLink: string }[];
  assert.deepEqual([front?.link, front?.overtakenLink], ["docker0", "eth0"]);
});

test("a foreign route that overtakes none of ours is told by why, and is no hint", async (t) => {
  const daemon = await FakeDaemon.start(t);
  daemon.defaultRoutes = [
    foreignFront({ Family: ["u", 6], Link: ["s", "tun0"], Gateway: ["s", "fe80::1"], OvertakenLink: ["s", ""] }),
  ];
  const { out } = await daemon.run("why");
  assert.match(out.replace(/\s+/g, " "), /IPv6 packets go by tun0 to fe80::1: .* is not Fairlead's\./);
  assert.match(out, /\nThe default route goes by eth0|^ *The default route goes by eth0/m);
  assert.deepEqual((await daemon.json("status")).hints, []);
});

test("why tells tunnels that take everything in halves, and routes that refuse", async (t) => {
  const daemon = await FakeDaemon.start(t);
  daemon.defaultRoutes = [foreignFront({ Destination: ["s", "0.0.0.0/1"], Link: ["s", "tun0"] })];
  const text = async () => (await daemon.run("why")).out.replace(/\s+/g, " ");
  assert.match(await text(), /it takes 0\.0\.0\.0\/1 and the like from that of eth0\./);
  daemon.defaultRoutes = [foreignFront({ Type: ["s", "unreachable"], Link: ["s", ""], Protocol: ["u", 77] })];
  assert.match(await text(), /IPv4 packets are refused \(unreachable\): .*metric 0, protocol 77/);
});

test("why tells a default route that has no router", async (t) => {
  const daemon = await FakeDaemon.start(t);
  daemon.at("/ipconfig/eth0_1_dhcp").set("Gateway", "0.0.0.0");
  daemon.defaultRoutes = [foreignFront({ Own: ["b", true], Link: ["s", "eth0"], Gateway: ["s", ""] })];
  const text = (await daemon.run("why")).out.replace(/\s+/g, " ");
  assert.match(text, /The default route goes by eth0 without a router: every destination is asked for on the link\./);
  assert.doesNotMatch(text, /no default route/);
});

test("why says when there is no gateway and no name server", async (t) => {
  const daemon = await FakeDaemon.start(t);
  daemon.at("/ipconfig/eth0_1_dhcp").set("Gateway", "0.0.0.0");
  daemon.at("/ipconfig/eth0_1_dhcp").set("NameServers", []);
  const { out } = await daemon.run("why");
  assert.match(out, /There is no default route: the network names no gateway\./);
  assert.match(out, /There are no name servers/);
});

test("the name servers may come from another Service than the route", async (t) => {
  const daemon = await FakeDaemon.start(t);
  daemon.at("/ipconfig/eth0_1_dhcp").set("NameServers", []);
  daemon.add("/ipconfig/eth1_2_dhcp", "IPConfig", {
    Address: ["s", "198.51.100.7"],
    Gateway: ["s", "198.51.100.1"],
    Method: ["s", "dhcp"],
    NameServers: ["as", ["198.51.100.53"]],
  });
  daemon.at("/device/eth1").set("IPConfigs", ["/ipconfig/eth1_2_dhcp"]);
  daemon.at("/service/1").set("State", "ready");
  const { out } = await daemon.run("why");
  assert.match(out, /The default route goes by eth0 to 192\.0\.2\.1/);
  assert.match(out, /Names are asked of 198\.51\.100\.53, as DHCP on eth1 says\./);
});

test("why does not say of a Service on its way that it may connect", async (t) => {
  const daemon = await FakeDaemon.start(t);
  const said = async () => (await daemon.run("why", "service:eth1")).out.includes("It may connect by itself.");
  daemon.order = [orderEntry("/service/1", "carrier on eth1", "", "", -1)];
  assert.equal(await said(), true);
  daemon.at("/service/1").set("State", "configuration");
  assert.equal(await said(), false);
});

test("why NAME tells of the Service and of the Device behind a link", async (t) => {
  const daemon = await FakeDaemon.start(t);
  const { out } = await daemon.run("why", "eth1");
  assert.equal(
    out,
    `Ethernet on eth1
Its state is idle: new.
It does not connect by itself: nothing is plugged in or in range.
It is number 2 of 2 in the order.
Ethernet on eth0 comes before Ethernet on eth1: it is online.
Its settings are kept in the Profile default.

Device eth1
It is taken for ethernet: kind veth.
The link is up and has no carrier.
It carries no Service.
`,
  );
  assert.match((await daemon.run("why", "eth0")).out, /Its address 192\.0\.2\.5\/24 comes from DHCP\./);
});

test("why tells of a failed Service what failed, and of a link without a Device why it has none", async (t) => {
  const daemon = await FakeDaemon.start(t);
  daemon.at("/service/1").set("State", "failure");
  daemon.at("/service/1").set("Error", "dhcp-failed");
  daemon.order = [orderEntry("/service/1", "dhcp-failed: nobody answered", "throttled", "", -1)];
  const all = (await daemon.run("why")).out;
  assert.match(all, /Ethernet on eth1 failed: dhcp-failed: nobody answered\. It is not tried now: it failed just now/);
  assert.match((await daemon.run("why", "eth1")).out, /Its state is failure \(dhcp-failed\): nobody answered\./);
  assert.equal((await daemon.run("why", "docker0")).out, "docker0 has no Device: name docker0.\n");
  assert.equal((await daemon.run("why", "nothing")).code, 2);
});

test("a reason that this program does not know yet is shown as it is", () => {
  const service = new BusObject("service", "/service/0", new Map());
  assert.equal(orderSentence("MoonPhase", service, service, ""), "MoonPhase");
  assert.equal(orderSentence("constructor", service, service, ""), "constructor");
  assert.equal(refusalSentence("moon phase"), "moon phase");
  assert.equal(refusalSentence("toString"), "toString");
  assert.equal(refusalSentence(""), undefined);
});

test("why tells the last failure with its time, and what is done just now, after the next attempt has begun", async (t) => {
  const daemon = await FakeDaemon.start(t);
  daemon.at("/service/1").set("State", "configuration");
  const attempt = entry({
    LastFailure: ["s", "dhcp-failed: no DHCP server answered in time"],
    LastFailureTime: ["t", BigInt(new Date(2026, 0, 2, 3, 4, 5).getTime())],
    Progress: ["s", "DHCP asks for an address"],
  });
  daemon.order = [new Map([...orderEntry("/service/1", "carrier on eth1", "connecting", "", -1), ...attempt])];
  const failure = /The last attempt failed at 2026-01-02\s+03:04:05: dhcp-failed: no\s+DHCP server answered in time\./;
  const { out } = await daemon.run("why", "service:eth1");
  assert.match(out, failure);
  assert.match(out, /Just now: DHCP asks for an address\./);
  const { out: all } = await daemon.run("why");
  assert.match(all, failure);
});

test("why tells that what a lost carrier has left is still there", async (t) => {
  const daemon = await FakeDaemon.start(t);
  const held = /Its carrier was lost just now: address and routes stay for a moment/;
  assert.doesNotMatch((await daemon.run("why", "device:eth1")).out, held);
  const { why } = daemon.at("/device/eth1");
  daemon.at("/device/eth1").why = new Map([...(why ?? []), ...entry({ Held: ["b", true] })]);
  assert.match((await daemon.run("why", "device:eth1")).out, held);
});

test("a Service that holds settings alone is in no story, unless it is asked for", async (t) => {
  const { it, run } = await scene(t, { modules: technologyModules });
  assert.ok(it.manager.services.all.some(({ technology }) => technology === "etherneteap"));
  assert.doesNotMatch((await run("why")).out, /EAP/);
  assert.match((await run("why", "eth0")).out, /^It is number 1 of 1 in the order\.$/m);
  assert.match((await run("why", "Ethernet EAP Parameters")).out, /^It is number 2 of 2 in the order\.$/m);
});

test("the reason between two Services with a hidden one between them is the weightier one", () => {
  const view = (number: number, type: string, because: string): ServiceView => ({
    service: new BusObject("service", `/service/${number}`, new Map([["Type", { signature: "s", value: type }]])),
    ...{ device: undefined, reason: "", refusal: "", lacking: "", conflict: "", lastFailure: "", lastFailureAt: 0 },
    ...{ progress: "", validation: "", validationAt: 0, rank: -1, because },
  });
  const reasons = (...views: ServiceView[]) => withoutSettings(views).map(({ because }) => because);
  const [first, last] = [view(1, "wifi", "Technology"), view(3, "wifi", "")];
  assert.deepEqual(reasons(first, view(2, "etherneteap", "IsFailed"), last), ["IsFailed", ""]);
  const online = view(1, "wifi", "IsOnline");
  assert.deepEqual(reasons(online, view(2, "etherneteap", "Technology"), last), ["IsOnline", ""]);
});

test("a state that a person asked for is told without the words of the bus", async (t) => {
  const { run } = await scene(t);
  assert.equal((await run("disconnect", "eth0", "--wait", "0")).code, 0);
  assert.match((await run("why", "eth0")).out, /^Its state is idle: asked for by hand\.$/m);
  assert.match((await run("services")).out, / idle +asked for by hand$/m);
});

test("the missing part of a Service that is not connectable is told by name", async (t) => {
  const daemon = await FakeDaemon.start(t);
  const lacking = entry({ Lacking: ["s", "it needs a passphrase"] });
  daemon.order = [new Map([...orderEntry("/service/1", "new", "not connectable", "", -1), ...lacking])];
  assert.match((await daemon.run("why")).out, /^Ethernet on eth1: it needs a passphrase\.$/m);
  assert.match((await daemon.run("why", "service:eth1")).out, /does not connect by itself: it needs a passphrase\.$/m);
});

test("the error of a state is told once", async (t) => {
  const daemon = await FakeDaemon.start(t);
  daemon.at("/service/1").set("State", "failure");
  daemon.at("/service/1").set("Error", "connect-failed");
  daemon.order = [orderEntry("/service/1", "connect-failed: no such card", "", "", -1)];
  assert.match(
    (await daemon.run("why", "service:eth1")).out,
    /^Its state is failure \(connect-failed\): no such card\.$/m,
  );
});
