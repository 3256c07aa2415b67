import assert from "node:assert/strict";
import { test } from "node:test";
import type { WireVariant } from "../../../src/base/property.ts";
import { machine } from "./machine.ts";

const s = (value: string): WireVariant => ({ signature: "s", value });
const i = (value: number): WireVariant => ({ signature: "i", value });
const staticIp = (address: string): WireVariant => ({
  signature: "a{sv}",
  value: new Map([
    ["Address", s(address)],
    ["Prefixlen", i(24)],
  ]),
});
const ethernet = (more: Readonly<Record<string, WireVariant>> = {}) =>
  new Map<string, WireVariant>([["Type", s("ethernet")], ...Object.entries(more)]);
const refusal = (code: string, message?: RegExp) => (error: unknown) => {
  const { code: given, message: text } = error as { code?: string; message: string };
  return given === code && (message === undefined || message.test(text));
};

test("FindMatchingService: every given property has to have exactly the value; the best is found", async (t) => {
  const it = await machine(t, ["eth0", "eth1"]);
  const { configurator } = it.manager;
  assert.equal(configurator.findMatching(ethernet()), it.manager.services.all[0]);
  it.service("eth1").setProperty("GUID", "home");
  it.service("eth1").setProperty("StaticIPConfig", staticIp("192.0.2.77").value);
  assert.equal(configurator.findMatching(ethernet({ GUID: s("home") })), it.service("eth1"));
  const dictionary = new Map([...(staticIp("192.0.2.77").value as ReadonlyMap<string, WireVariant>)].reverse());
  const wanted = ethernet({ StaticIPConfig: { signature: "a{sv}", value: dictionary } });
  assert.equal(configurator.findMatching(wanted), it.service("eth1"), "in any order of the keys");
  for (const no of [
    { GUID: s("homes") },
    { GUID: i(1) },
    { Nonsense: s("") },
    { HasEverConnected: { signature: "b", value: true } },
  ]) {
    assert.throws(
      () => configurator.findMatching(ethernet(no)),
      refusal("NotFound", /^Matching service was not found$/),
    );
  }
  const other: WireVariant = { signature: "y", value: 3 };
  assert.equal(configurator.findMatching(ethernet({ Strength: other })), it.manager.services.all[0]);
});

test("GetService and ConfigureService say what is missing or not to be had", async (t) => {
  const it = await machine(t, ["eth0"]);
  const { configurator } = it.manager;
  for (const call of [configurator.get, configurator.configure].map((method) => method.bind(configurator))) {
    assert.throws(
      () => call(new Map([["GUID", s("unknown")]])),
      refusal("InvalidArguments", /^must specify service type$/),
    );
    assert.throws(() => call(new Map([["Type", i(1)]])), refusal("InvalidArguments", /^must specify service type$/));
    assert.throws(() => call(new Map([["Type", s("wifi")]])), refusal("TechnologyNotAvailable"));
    assert.throws(() => call(new Map([["Type", s("no such")]])), refusal("TechnologyNotAvailable"));
  }
  assert.throws(
    () => configurator.configure(ethernet({ Profile: s("/profile/none") })),
    refusal("InvalidArguments", /Invalid profile name/),
  );
});

test("ConfigureService goes on after a refusal, tells the first, and stores the others at once", async (t) => {
  const it = await machine(t, ["eth0"]);
  const configuration = ethernet({
    Priority: s("high"),
    CheckPortal: s("sometimes"),
    GUID: s("home"),
    UIData: s("opaque"),
    Strength: { signature: "y", value: 1 },
  });
  assert.throws(
    () => it.manager.configurator.configure(configuration),
    refusal("InvalidArguments", /Priority is not a string/),
  );
  assert.deepEqual([it.service("eth0").guid, it.service("eth0").uiData], ["home", "opaque"]);
  const rows = it.profiles.profileForNew()?.store.read("ethernet_any");
  assert.deepEqual([rows?.get("GUID"), rows?.get("UIData")], ['"home"', '"opaque"']);
  assert.equal(
    it.manager.configurator.configure(new Map([["GUID", s("home")]])),
    it.service("eth0"),
    "found by GUID alone",
  );
});

test("a refusal of the store leaves everything as it was, and clients hear of nothing", async (t) => {
  const it = await machine(t, ["eth0"]);
  const service = it.service("eth0");
  const store = it.profiles.profileForNew()?.store;
  assert.ok(store);
  it.announced.length = 0;
  const { mock } = t.mock.method(store, "write", () => {
    throw new Error("the disk is full");
  });
  assert.throws(() => it.manager.configurator.configure(ethernet({ GUID: s("home"), Priority: i(3) })), /disk is full/);
  assert.deepEqual([service.guid, service.priority], ["", 0]);
  assert.deepEqual(it.announced, []);
  mock.restore();
});

test("AutoConnect that is set to what it is already is kept as set on purpose", async (t) => {
  const it = await machine(t, ["eth0"]);
  it.service("eth0").setProperty("AutoConnect", true);
  assert.equal(it.profiles.findEntry("ethernet_any")?.store.read("ethernet_any")?.get("AutoConnect"), "true");
  it.service("eth0").clearProperty("AutoConnect");
  assert.equal(it.profiles.findEntry("ethernet_any")?.store.read("ethernet_any")?.get("AutoConnect"), undefined);
});

test("ConfigureServiceForProfile: each Profile keeps its own static address, applied live (T6)", async (t) => {
  const it = await machine(t, ["eth0"]);
  const { configurator } = it.manager;
  const address = () => /192\.0\.2\.\d+\/24/.exec(it.kernel.toText())?.[0];
  configurator.configureForProfile("/profile/default", ethernet({ StaticIPConfig: staticIp("192.0.2.50") }));
  await it.settle();
  assert.equal(address(), "192.0.2.50/24");
  it.profiles.create("second");
  it.profiles.push("second");
  await it.settle();
  assert.equal(address(), "192.0.2.50/24", "a Profile without a word on it changes nothing");
  configurator.configureForProfile("/profile/second", ethernet({ StaticIPConfig: staticIp("192.0.2.60") }));
  await it.settle();
  assert.equal(address(), "192.0.2.60/24");
  const below = ethernet({ StaticIPConfig: staticIp("192.0.2.51") });
  assert.throws(
    () => configurator.configureForProfile("/profile/default", below),
    refusal("NotFound", /^Temporary service configured but not usable$/),
  );
  await it.settle();
  assert.equal(address(), "192.0.2.60/24", "the Profile above has the say");
  assert.match(
    it.profiles.byPath("/profile/default")?.store.read("ethernet_any")?.get("StaticIPConfig") ?? "",
    /192\.0\.2\.51/,
  );
  const refused = (path: string, more: Parameters<typeof ethernet>[0], code: string, message: RegExp) =>
    assert.throws(() => configurator.configureForProfile(path, ethernet(more)), refusal(code, message));
  refused("/profile/none", {}, "NotFound", /Profile specified was not found/);
  refused("/profile/default", { Profile: s("/profile/second") }, "InvalidArguments", /does not match/);
});
