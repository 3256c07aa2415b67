import assert from "node:assert/strict";
import { test } from "node:test";
import type { WireVariant } from "../../../src/base/property.ts";
import { onBus, shillError, variant } from "./machine-on-bus.ts";

test("Manager, Device, Service, Profile and IPConfig are reached from / by their paths", async (t) => {
  const { it, properties } = await onBus(t);
  it.kernel.plug("eth0");
  await it.clock.advanceSettled(1);
  const manager = await properties("/");
  assert.deepEqual(manager.get("Devices"), ["/device/eth0"]);
  assert.deepEqual(manager.get("Services"), ["/service/0"]);
  assert.deepEqual(manager.get("Profiles"), ["/profile/default"]);
  assert.equal(manager.get("DefaultService"), "/service/0");
  const device = await properties("/device/eth0");
  assert.deepEqual(
    [device.get("Address"), device.get("Powered"), device.get("Ethernet.LinkUp"), device.get("SelectedService")],
    ["020000000001", true, true, "/service/0"],
  );
  const service = await properties("/service/0");
  assert.deepEqual([service.get("State"), service.get("Device")], ["ready", "/device/eth0"]);
  const ipConfig = await properties(service.get("IPConfig") as string);
  assert.deepEqual(
    [ipConfig.get("Address"), ipConfig.get("Prefixlen"), ipConfig.get("Gateway"), ipConfig.get("Method")],
    ["192.0.2.10", 24, "192.0.2.1", "dhcp"],
  );
  const profile = await properties("/profile/default");
  assert.deepEqual(profile.get("Entries"), ["ethernet_any", "ethernet_020000000001"]);
});

test("an address that no host can have is refused with its rule, and what was set before stays", async (t) => {
  const { call, properties } = await onBus(t);
  const set = (address: string, gateway: string) => {
    const value = new Map([
      ["Address", variant("s", address)],
      ["Prefixlen", variant("i", 24)],
      ["Gateway", variant("s", gateway)],
    ]);
    return call("/service/0", "SetProperty", "sv", ["StaticIPConfig", variant("a{sv}", value)]);
  };
  await set("192.0.2.7", "192.0.2.1");
  const before = (await properties("/service/0")).get("StaticIPConfig");
  for (const [address, gateway, rule] of [
    ["192.0.2.0", "192.0.2.1", /network 192\.0\.2\.0\/24/],
    ["192.0.2.255", "192.0.2.1", /broadcast/],
    ["192.0.2.8", "192.0.2.8", /own Address/],
  ] as const) {
    await assert.rejects(set(address, gateway), { busName: shillError("InvalidArguments"), message: rule });
  }
  assert.deepEqual((await properties("/service/0")).get("StaticIPConfig"), before);
});

test("internal properties never reach the bus", async (t) => {
  const { properties } = await onBus(t);
  const names = [...(await properties("/service/0")).keys(), ...(await properties("/device/eth0")).keys()];
  for (const name of ["HasEverConnected", "MeteredOverride", "EnabledPersistently"]) assert.ok(!names.includes(name));
});

const refusals: readonly [string, string, WireVariant, string, string][] = [
  ["/service/0", "Nonsense", variant("s", "x"), "InvalidProperty", "Property Nonsense does not exist."],
  [
    "/service/0",
    "HasEverConnected",
    variant("b", true),
    "InvalidProperty",
    "Property HasEverConnected does not exist.",
  ],
  ["/service/0", "Priority", variant("s", "5"), "InvalidArguments", "Property Priority is not a string."],
  [
    "/service/0",
    "Profile",
    variant("o", "/profile/default"),
    "InvalidArguments",
    "Property Profile is not an rpc_identifier.",
  ],
  ["/service/0", "State", variant("s", "online"), "InvalidArguments", "Property is read-only"],
  [
    "/service/0",
    "AutoConnect",
    variant("b", false),
    "InvalidArguments",
    "AutoConnect of Ethernet on eth0 cannot be switched off",
  ],
  ["/device/eth0", "Powered", variant("b", false), "InvalidArguments", "Property is read-only"],
  [
    "/",
    "ProhibitedTechnologies",
    variant("s", "ethernet,smoke"),
    "InvalidArguments",
    'ProhibitedTechnologies: "ethernet,smoke" is not a list of technologies',
  ],
];
for (const [path, name, value, code, message] of refusals) {
  test(`SetProperty ${name} with ${value.signature} on ${path} is refused: ${code}`, async (t) => {
    const { call } = await onBus(t);
    await assert.rejects(call(path, "SetProperty", "sv", [name, value]), { busName: shillError(code), message });
  });
}

test("a set property is announced, and setting it again is silent success", async (t) => {
  const { it, client, call } = await onBus(t);
  const heard: unknown[] = [];
  client.match({ interface: "org.chromium.flimflam.Service", member: "PropertyChanged" }, ({ path, args }) =>
    heard.push([path, ...args]),
  );
  await call("/service/0", "SetProperty", "sv", ["Priority", variant("i", 5)]);
  await call("/service/0", "SetProperty", "sv", ["Priority", variant("i", 5)]);
  await it.settle();
  assert.deepEqual(heard, [["/service/0", "Priority", variant("i", 5)]]);
});

test("ClearProperty puts back the first value", async (t) => {
  const { call, properties } = await onBus(t);
  await call("/service/0", "SetProperty", "sv", ["Priority", variant("i", 5)]);
  await call("/service/0", "ClearProperty", "s", ["Priority"]);
  assert.equal((await properties("/service/0")).get("Priority"), 0);
  await assert.rejects(call("/service/0", "ClearProperty", "s", ["State"]), { message: "Property is read-only" });
});

test("SetProperties goes on after an error and tells the first one", async (t) => {
  const { call, properties } = await onBus(t);
  const wanted = new Map([
    ["Type", variant("s", "wifi")],
    ["State", variant("s", "online")],
    ["Priority", variant("i", 3)],
  ]);
  await assert.rejects(call("/service/0", "SetProperties", "a{sv}", [wanted]), { message: "Property is read-only" });
  assert.equal((await properties("/service/0")).get("Priority"), 3);
});

test("ClearProperties tells for each name whether it worked", async (t) => {
  const { call } = await onBus(t);
  assert.deepEqual(await call("/service/0", "ClearProperties", "as", [["Priority", "State", "Nonsense"]]), [
    [true, false, false],
  ]);
});

test("another user may read everything and change nothing", async (t) => {
  const { call, properties } = await onBus(t, { uid: 1000 });
  assert.equal((await properties("/service/0")).get("State"), "idle");
  const denied = { busName: shillError("PermissionDenied") };
  await assert.rejects(call("/service/0", "SetProperty", "sv", ["Priority", variant("i", 5)]), denied);
  await assert.rejects(call("/service/0", "Connect"), denied);
  await assert.rejects(call("/device/eth0", "Disable"), denied);
  await assert.rejects(call("/", "ClaimInterface", "ss", ["me", "eth0"]), denied);
  const viaStandard = ["org.chromium.flimflam.Service", "Priority", variant("i", 5)];
  await assert.rejects(call("/service/0", "Set", "ssv", viaStandard, "org.freedesktop.DBus.Properties"), denied);
  assert.equal((await properties("/service/0")).get("Priority"), 0);
});

test("org.freedesktop.DBus.Properties writes by the same rules", async (t) => {
  const { call, properties } = await onBus(t);
  const set = (name: string, value: WireVariant) =>
    call("/service/0", "Set", "ssv", ["org.chromium.flimflam.Service", name, value], "org.freedesktop.DBus.Properties");
  await set("Priority", variant("i", 6));
  assert.equal((await properties("/service/0")).get("Priority"), 6);
  await assert.rejects(set("State", variant("s", "online")));
  assert.equal((await properties("/service/0")).get("State"), "idle");
});

test("Disconnect, Connect and Remove answer by the names of the bus", async (t) => {
  const { it, call } = await onBus(t);
  await assert.rejects(call("/service/0", "Disconnect"), { busName: shillError("NotConnected") });
  await assert.rejects(call("/service/0", "Remove"), { busName: shillError("NotImplemented") });
  await call("/service/0", "Connect");
  it.kernel.plug("eth0");
  await it.settle();
  await assert.rejects(call("/service/0", "Connect"), { busName: shillError("AlreadyConnected") });
});

test("a Device that goes takes its IPConfig along; what is gone is an unknown object", async (t) => {
  const { it, call, properties } = await onBus(t);
  it.kernel.plug("eth0");
  await it.settle();
  const [ipConfig] = (await properties("/device/eth0")).get("IPConfigs") as string[];
  it.kernel.removeHardware("eth0");
  await it.settle();
  for (const path of ["/device/eth0", ipConfig ?? ""]) {
    await assert.rejects(call(path, "GetProperties"), { busName: "org.freedesktop.DBus.Error.UnknownObject" });
  }
});

test("EnableTechnology and DisableTechnology switch all Devices of a kind, and refuse what is none", async (t) => {
  const { it, call, properties } = await onBus(t);
  await call("/", "DisableTechnology", "s", ["ethernet"]);
  await it.settle();
  assert.deepEqual((await properties("/")).get("EnabledTechnologies"), []);
  await call("/", "EnableTechnology", "s", ["ethernet"]);
  await it.settle();
  assert.deepEqual((await properties("/")).get("EnabledTechnologies"), ["ethernet"]);
  await call("/", "SetProperty", "sv", ["ProhibitedTechnologies", variant("s", "wifi, ethernet")]);
  await assert.rejects(call("/", "EnableTechnology", "s", ["ethernet"]), { busName: shillError("PermissionDenied") });
  const unknown = { busName: shillError("InvalidArguments"), message: "Unknown technology" };
  for (const name of ["smoke", "", " ", "unknown", "ethernet,wifi"]) {
    for (const member of ["EnableTechnology", "DisableTechnology"])
      await assert.rejects(call("/", member, "s", [name]), unknown, `${member} ${name}`);
  }
});

test("SetServiceOrder takes a list of technologies and nothing else", async (t) => {
  const { call } = await onBus(t);
  await call("/", "SetServiceOrder", "s", [" wifi ,\tethernet"]);
  assert.deepEqual(await call("/", "GetServiceOrder"), ["wifi,ethernet"]);
  for (const bad of ["wifi,wifi", "smoke", "wifi,"]) {
    await assert.rejects(call("/", "SetServiceOrder", "s", [bad]), { busName: shillError("InvalidArguments") });
  }
});

test("the default route in front is there to read, with its owner and the one that it overtakes", async (t) => {
  const { it, call } = await onBus(t);
  const read = async () => {
    const [routes] = await call("/", "GetDefaultRoutes", "", [], "org.fairlead.Manager1");
    return (routes as Map<string, WireVariant>[]).map((route) =>
      ["Family", "Link", "Metric", "Own", "OvertakenLink", "OvertakenMetric"].map((name) => route.get(name)?.value),
    );
  };
  assert.deepEqual(await read(), []);
  it.kernel.plug("eth0");
  await it.settle();
  assert.deepEqual(await read(), [[4, "eth0", 200, true, "", 0]]);
  await it.kernel.request({ op: "add-link", link: { kind: "bridge", name: "docker0" } });
  const link = it.kernel.snapshot.linkByName("docker0")?.index ?? 0;
  await it.kernel.request({ op: "set-link", link, change: { isUp: true } });
  const foreign = { family: 4, table: 254, destination: "0.0.0.0/0", link, metric: 0 } as const;
  await it.kernel.request({ op: "put-route", route: { ...foreign, protocol: 3, scope: 253, type: "unicast" } });
  assert.deepEqual(await read(), [[4, "docker0", 0, false, "eth0", 200]]);
});

test("reasons are there to read for every Service and Device", async (t) => {
  const { it, call } = await onBus(t);
  it.kernel.plug("eth0");
  await it.settle();
  const [order] = await call("/", "GetOrder", "", [], "org.fairlead.Manager1");
  const [first] = order as Map<string, WireVariant>[];
  assert.equal(first?.get("AutoConnectRefusal")?.value, "connected");
  assert.equal(first?.get("Rank")?.value, 0);
  const [device] = await call("/device/eth0", "Why", "", [], "org.fairlead.Device1");
  assert.equal((device as Map<string, WireVariant>).get("Technology")?.value, "driver e1000");
  const [service] = await call("/service/0", "Why", "", [], "org.fairlead.Service1");
  assert.equal((service as Map<string, WireVariant>).get("StateReason")?.value, "addressing is in place");
});

test("a Profile's Entries and Services are as new for every way to read them", async (t) => {
  const { it, call } = await onBus(t);
  const standard = "org.freedesktop.DBus.Properties";
  const profile = "org.chromium.flimflam.Profile";
  const waysToRead = [
    async () => (await call("/profile/default", "Get", "ss", [profile, "Entries"], standard))[0],
    async () => entriesIn((await call("/profile/default", "GetAll", "s", [profile], standard))[0]),
    async () => {
      const [objects] = await call("/", "GetManagedObjects", "", [], "org.freedesktop.DBus.ObjectManager");
      return entriesIn((objects as Map<string, Map<string, unknown>>).get("/profile/default")?.get(profile));
    },
    async () => entriesIn((await call("/profile/default", "GetProperties"))[0]),
  ];
  const store = it.profiles.byPath("/profile/default")?.store;
  for (const [at, read] of waysToRead.entries()) {
    store?.write(`ethernet_${at}`, new Map());
    const { value } = (await read()) as WireVariant;
    assert.ok((value as string[]).includes(`ethernet_${at}`), `way ${at}: ${value}`);
  }
});
const entriesIn = (properties: unknown) => (properties as ReadonlyMap<string, unknown>).get("Entries");
