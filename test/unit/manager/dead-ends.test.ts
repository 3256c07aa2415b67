import assert from "node:assert/strict";
import { test } from "node:test";
import { emptyIpSettings, type IpSettings } from "../../../src/network/ip-settings.ts";
import type { Route } from "../../../src/rtnl/rtnl.ts";
import type { FakeMachine } from "../../fakes/fake-machine.ts";
import { machine } from "./machine.ts";

/** A lease without a router, whose name server answers for that network only. */
const deadEnd = (host: number): Partial<IpSettings> => ({
  ipv4: { family: 4, address: `192.0.2.${host}`, prefixLength: 24, validSeconds: 3600 },
  nameServers: [`192.0.2.${host + 100}`],
});

/** The older cable leads nowhere. */
async function deadEndFirst(t: Parameters<typeof machine>[0]): Promise<FakeMachine> {
  const it = await machine(t, []);
  it.dhcp.serve("eth0", 10, deadEnd(10));
  for (const link of ["eth0", "eth1"]) it.kernel.plug(link);
  await it.settle();
  return it;
}
const foreignDefault = (it: FakeMachine, name: string): Route => {
  const link = it.device(name).link.index;
  const where = { family: 4, table: 254, destination: "0.0.0.0/0", gateway: "192.0.2.254", metric: 50 } as const;
  return { ...where, link, protocol: 4, scope: 0, type: "unicast" };
};

test("a cable that leads nowhere comes after one with a router, with its reason; names are asked where packets go", async (t) => {
  const it = await deadEndFirst(t);
  assert.deepEqual(it.order, ["eth1 ready", "eth0 ready"]);
  assert.equal(it.manager.services.reasonOf(it.service("eth1")), "HasWayOut");
  assert.deepEqual(it.nameServers, ["192.0.2.1"]);
  assert.equal(it.manager.services.defaultService, it.service("eth1"));
});

test("it is the default all the same while there is no other, and yields when one comes", async (t) => {
  const it = await machine(t, []);
  it.dhcp.serve("eth0", 10, deadEnd(10));
  it.kernel.plug("eth0");
  await it.settle();
  assert.equal(it.manager.services.defaultService, it.service("eth0"));
  assert.deepEqual(it.nameServers, ["192.0.2.110"]);
  it.kernel.plug("eth1");
  await it.settle();
  assert.equal(it.manager.services.defaultService, it.service("eth1"));
  it.kernel.unplug("eth1");
  await it.settle();
  assert.deepEqual([it.manager.services.defaultService, it.nameServers], [it.service("eth0"), ["192.0.2.110"]]);
});

test("a Priority is a person's word: the dead end is first, and its name servers are asked", async (t) => {
  const it = await deadEndFirst(t);
  it.service("eth0").setProperty("Priority", 1);
  await it.settle();
  assert.deepEqual(it.order, ["eth0 ready", "eth1 ready"]);
  assert.equal(it.manager.services.reasonOf(it.service("eth0")), "Priority");
  assert.deepEqual(it.nameServers, ["192.0.2.110"]);
  it.service("eth0").setProperty("Priority", 0);
  await it.settle();
  assert.deepEqual(it.order, ["eth1 ready", "eth0 ready"]);
});

test("a renewal that brings a router, or takes it away, moves the cable", async (t) => {
  const it = await deadEndFirst(t);
  const { ipv4 } = deadEnd(10);
  const withRouter = { ...ipv4, gateway: "192.0.2.1" } as NonNullable<IpSettings["ipv4"]>;
  it.dhcp.session("eth0").host.settingsChanged({ ...emptyIpSettings, ipv4: withRouter });
  await it.settle();
  assert.deepEqual(it.order, ["eth0 ready", "eth1 ready"]);
  it.dhcp.session("eth0").host.settingsChanged({ ...emptyIpSettings, ...deadEnd(10) });
  await it.settle();
  assert.deepEqual(it.order, ["eth1 ready", "eth0 ready"]);
});

test("a router of any source is a way out: StaticIPConfig, classless routes, IPv6, another program's route", async (t) => {
  const it = await deadEndFirst(t);
  const isFirst = () => it.order[0] === "eth0 ready";
  const fixed = { Address: ["s", "192.0.2.7"], Prefixlen: ["i", 24], Gateway: ["s", "192.0.2.1"] } as const;
  const entries = Object.entries(fixed).map(([key, [signature, value]]) => [key, { signature, value }] as const);
  it.service("eth0").setProperty("StaticIPConfig", new Map<string, unknown>(entries));
  await it.settle();
  assert.ok(isFirst(), "StaticIPConfig");
  it.service("eth0").clearProperty("StaticIPConfig");
  await it.settle();
  assert.ok(!isFirst());
  const lease = { ...emptyIpSettings, ...deadEnd(10) };
  const byClasslessRoute = [{ destination: "0.0.0.0/0", gateway: "192.0.2.1" }];
  it.dhcp.session("eth0").host.settingsChanged({ ...lease, routes: byClasslessRoute });
  await it.settle();
  assert.ok(isFirst(), "classless routes");
  it.dhcp.session("eth0").host.settingsChanged(lease);
  await it.settle();
  assert.ok(!isFirst());
  const ipv6 = { family: 6, address: "2001:db8::5", prefixLength: 64, gateway: "fe80::1" } as const;
  const router = { ...emptyIpSettings, ipv6 };
  it.device("eth0").network?.setSource("slaac", router);
  await it.settle();
  assert.ok(isFirst(), "IPv6");
  it.device("eth0").network?.setSource("slaac", undefined);
  await it.settle();
  assert.ok(!isFirst());
  await it.kernel.request({ op: "put-route", route: foreignDefault(it, "eth0") });
  await it.settle();
  assert.ok(isFirst(), "another program's route");
  await it.kernel.request({ op: "delete-route", route: foreignDefault(it, "eth0") });
  await it.settle();
  assert.ok(!isFirst());
});

test("online without validation is no proof of a way out", async (t) => {
  const it = await deadEndFirst(t);
  it.service("eth0").setProperty("CheckPortal", "false");
  await it.settle();
  assert.deepEqual(it.order, ["eth1 ready", "eth0 online"]);
});

test("a cable that StaticIPConfig makes a dead end keeps that setting: it is not handed to the next best", async (t) => {
  const it = await machine(t, ["eth0", "eth1"]);
  const fixed = new Map<string, unknown>([
    ["Address", { signature: "s", value: "198.51.100.7" }],
    ["Prefixlen", { signature: "i", value: 24 }],
  ]);
  it.service("eth0").setProperty("StaticIPConfig", fixed);
  await it.settle();
  assert.deepEqual(it.order, ["eth1 ready", "eth0 ready"]);
  assert.equal(it.manager.services.reasonOf(it.service("eth1")), "HasWayOut");
  assert.equal(it.service("eth0").storageId, "ethernet_any");
  assert.deepEqual(
    [it.service("eth0").staticIp.address, it.service("eth1").staticIp.address],
    ["198.51.100.7", undefined],
  );
});
