import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { DaemonError } from "../../../src/base/errors.ts";
import type { WireVariant } from "../../../src/base/property.ts";
import type { EntryRows, ProfileStorage } from "../../../src/profiles/store.ts";
import { cables, FakeMachine, type FakeMachineOptions } from "../../fakes/fake-machine.ts";
import { type FakeRadio, fakeRadio, stored } from "../../fakes/fake-radio.ts";
import { temporaryFolder } from "../../harness/temporary-folder.ts";

const alice = "~alice/work";
const staticIp = (address: string): ReadonlyMap<string, WireVariant> =>
  new Map([
    ["Address", { signature: "s", value: address }],
    ["Prefixlen", { signature: "i", value: 24 }],
  ]);

/** One card with a cable in, a radio, and Profiles with these entries beside `default`. */
async function machine(
  t: TestContext,
  profiles: Readonly<Record<string, Readonly<Record<string, EntryRows>>>> = {},
  options: FakeMachineOptions = {},
) {
  let radio: FakeRadio | undefined;
  const air = fakeRadio((made) => {
    radio = made;
  });
  const it = new FakeMachine({ ...options, modules: [cables, air] });
  t.after(() => it.stop());
  if (!options.kernel) {
    it.kernel.addHardware({ name: "eth0", mac: "02:00:00:00:00:01" });
    it.dhcp.serve("eth0", 10);
    it.kernel.plug("eth0");
  }
  await it.start();
  for (const [name, entries] of Object.entries(profiles)) {
    const write = (store: { write(entry: string, rows: EntryRows): void }) => {
      for (const [entry, rows] of Object.entries(entries)) store.write(entry, rows);
    };
    if (name === "default") write((it.profiles.profiles[0] as { store: Parameters<typeof write>[0] }).store);
    else it.profiles.create(name, write);
  }
  const run = async (change: () => void) => {
    it.announced.length = 0;
    change();
    await it.settle();
  };
  return { it, radio: radio as unknown as FakeRadio, run };
}
const addressOf = (it: FakeMachine) => /inet (\S+)|(\d+\.\d+\.\d+\.\d+\/24) dev/.exec(it.kernel.toText())?.[0];

test("A3, login: the user's networks appear, settings are the user's, the cable stays and disconnects are forgiven", async (t) => {
  const known = { wifi_home: stored({ UIData: "alice's" }), wifi_far: stored({}) };
  const { it, radio, run } = await machine(t, { default: {}, [alice]: known });
  const home = radio.appear("wifi_home");
  home.connect("a person");
  await it.settle();
  assert.equal(home.profile?.label, "default", "a first success is kept in the active Profile");
  const cable = it.service("eth0");
  cable.disconnect("D-Bus RPC");
  await it.settle();
  assert.equal(cable.autoConnectRefusal, "explicitly disconnected");
  await run(() => it.profiles.insert(alice, "cafe"));
  assert.deepEqual([home.profile?.label, home.uiData, home.state], [alice, "alice's", "ready"]);
  assert.ok(!it.announced.some((line) => line === `${home.path} State=idle`), "it was never disconnected");
  assert.ok(radio.networks.has("wifi_far"), "known and out of range: in the complete list");
  assert.ok(it.manager.services.all.some(({ storageId }) => storageId === "wifi_far"));
  assert.deepEqual([cable.profile?.label, cable.state], ["default", "ready"]);
  assert.deepEqual(it.changes("Profiles"), ["/ Profiles=/profile/default,/profile/alice/work"]);
});

test("A4, logout: what only the user knew is disconnected, unloaded and gone; the machine's settings come back", async (t) => {
  const { it, radio, run } = await machine(t, {
    default: { wifi_shared: stored({ UIData: "machine" }) },
    [alice]: {
      wifi_shared: stored({ UIData: "alice" }),
      wifi_own: stored({ UIData: "alice", GUID: "7", AutoConnect: true, Priority: 3 }),
      wifi_far: stored({}),
    },
  });
  it.profiles.insert(alice, "cafe");
  const [shared, own] = [radio.appear("wifi_shared"), radio.appear("wifi_own")];
  own.connect("a person");
  shared.connect("a person");
  await it.settle();
  await run(() => it.profiles.popAllUsers());
  assert.deepEqual([shared.profile?.label, shared.uiData, shared.state], ["default", "machine", "ready"]);
  const told = it.announced.filter((line) => line.startsWith(`${own.path} State=`));
  assert.deepEqual(told, [`${own.path} State=disconnecting`, `${own.path} State=idle`]);
  assert.equal(own.connection.reason, "no Profile has it any more");
  const { profile, uiData, guid, priority, autoConnect, hasEverConnected } = own;
  assert.deepEqual(
    { profile, uiData, guid, priority, autoConnect, hasEverConnected },
    { profile: undefined, uiData: "", guid: "", priority: 0, autoConnect: false, hasEverConnected: false },
  );
  assert.ok(radio.networks.has("wifi_own"), "in range: shown as a network without settings");
  assert.ok(!radio.networks.has("wifi_far"));
  assert.ok(!it.manager.services.all.some(({ storageId }) => storageId === "wifi_far"), "out of range: off the bus");
  it.profiles.insert(alice, "cafe");
  assert.deepEqual(own.guid, "7", "nothing was deleted on disk");
});

test("A5, a first connection by hand: the network is kept in the top Profile and connects by itself from now on", async (t) => {
  const { it, radio, run } = await machine(t, { [alice]: {} });
  it.profiles.insert(alice, "");
  const cafe = radio.appear("wifi_cafe");
  assert.equal(it.profiles.findEntry("wifi_cafe"), undefined, "ephemeral: stored nowhere");
  await run(() => cafe.connect("a person"));
  await it.clock.advanceSettled(1);
  assert.equal(cafe.autoConnect, true);
  assert.ok(it.announced.includes(`${cafe.path} Profile=/profile/alice/work`));
  assert.equal(it.profiles.byPath("/profile/alice/work")?.store.read("wifi_cafe")?.get("AutoConnect"), "true");
});

test("A6, a crash with a user logged in: the session is back, with its settings and those of the Manager", async (t) => {
  const runDir = temporaryFolder(t);
  const first = await machine(t, { [alice]: { wifi_home: stored({ UIData: "alice's" }) } }, { runDir });
  first.it.profiles.insert(alice, "cafe");
  first.radio.appear("wifi_home").setProperty("Priority", 4);
  first.it.manager.settings.setProperty("DHCPProperty.Hostname", "harbour");
  const { kernel, storage, dhcp } = first.it;
  kernel.restart();
  const second = await machine(t, {}, { runDir, kernel, storage: storage as ProfileStorage, dhcp });
  assert.deepEqual(
    second.it.profiles.profiles.map(({ label, userHash }) => [label, userHash]),
    [
      ["default", ""],
      [alice, "cafe"],
    ],
  );
  const home = second.radio.networks.get("wifi_home");
  assert.deepEqual([home?.uiData, home?.priority, home?.profile?.label], ["alice's", 4, alice]);
  assert.equal(second.it.manager.settings.values.dhcpHostname, "harbour");
});

test("a Profile of the machine adopts the cable as it is, a user's does not", async (t) => {
  const { it, run } = await machine(t, { test: {}, [alice]: {} });
  const cable = it.service("eth0");
  cable.setProperty("UIData", "mine");
  await run(() => it.profiles.push("test"));
  assert.deepEqual([cable.profile?.label, cable.uiData, cable.state], ["test", "mine", "ready"]);
  assert.ok(it.profiles.byPath("/profile/test")?.serviceEntries().includes("ethernet_any"));
  await run(() => it.profiles.push(alice));
  assert.equal(cable.profile?.label, "test");
  assert.deepEqual(it.profiles.byPath("/profile/alice/work")?.serviceEntries(), []);
});

test("a static address goes live with its Profile and back, without a disconnect", async (t) => {
  const { it, run } = await machine(t, { test: {} });
  const cable = it.service("eth0");
  await run(() => cable.setProperty("StaticIPConfig", staticIp("192.0.2.71")));
  await run(() => it.profiles.push("test"));
  assert.match(it.kernel.toText(), /192\.0\.2\.71\/24/);
  await run(() => cable.setProperty("StaticIPConfig", staticIp("192.0.2.72")));
  for (const [change, address] of [
    [() => it.profiles.pop("test"), "192.0.2.71"],
    [() => it.profiles.push("test"), "192.0.2.72"],
  ] as const) {
    await run(() => void change());
    assert.ok(it.kernel.toText().includes(`${address}/24`), `${address}: ${addressOf(it)}`);
    assert.ok(!it.announced.some((line) => line.startsWith(`${cable.path} State=`)), it.announced.join("\n"));
  }
});

test("a user's settings for the cable leave this socket its place among others", async (t) => {
  const { it, run } = await machine(t, { [alice]: { ethernet_any: stored({ Type: "ethernet", UIData: "alice" }) } });
  const cable = it.service("eth0");
  cable.setProperty("Priority", 5);
  await run(() => it.profiles.push(alice));
  assert.deepEqual([cable.uiData, cable.priority, cable.profile?.label], ["alice", 5, alice]);
  await run(() => it.profiles.popAny());
  assert.deepEqual([cable.uiData, cable.priority, cable.profile?.label], ["", 5, "default"]);
});

test("settings that a Profile brings are in force at once, and what is in force after a pop is stored", async (t) => {
  const global = new Map([["ProhibitedTechnologies", '"ethernet"']]);
  const { it, run } = await machine(t, { test: { global } });
  await run(() => it.profiles.push("test"));
  assert.equal(it.device("eth0").isEnabled, false);
  await run(() => it.profiles.pop("test"));
  assert.equal(it.manager.settings.values.prohibitedTechnologies, "ethernet", "a pop puts nothing back");
  assert.equal(it.profiles.profiles[0]?.store.read("global")?.get("ProhibitedTechnologies"), '"ethernet"');
});

test("a Service is moved by its property Profile; unknown Profiles are refused, and its own changes nothing", async (t) => {
  const { it, radio } = await machine(t, { default: { wifi_home: stored({ UIData: "x" }) }, [alice]: {} });
  it.profiles.push(alice);
  const home = radio.appear("wifi_home");
  it.profiles.popAny();
  it.profiles.push(alice);
  const [bottom, top] = it.profiles.profiles;
  home.entry.load(bottom);
  home.setProperty("Profile", "/profile/alice/work");
  assert.deepEqual([bottom?.has("wifi_home"), top?.store.read("wifi_home")?.get("UIData")], [false, '"x"']);
  for (const path of ["/profile/nobody", ""]) {
    assert.throws(() => home.setProperty("Profile", path), { code: "InvalidArguments" });
  }
  it.announced.length = 0;
  home.setProperty("Profile", "/profile/alice/work");
  assert.deepEqual([home.profile, it.announced, top?.has("wifi_home")], [top, [], true]);
});

test("Remove deletes the settings: those of another Profile take over, else the network is forgotten", async (t) => {
  const { it, radio } = await machine(t, {
    default: { wifi_home: stored({ UIData: "machine" }) },
    [alice]: { wifi_home: stored({ UIData: "alice" }) },
  });
  it.profiles.push(alice);
  const home = radio.appear("wifi_home");
  home.connect("a person");
  assert.deepEqual(
    [...home.entry.loadable()],
    [
      ["/profile/default", "wifi_home"],
      ["/profile/alice/work", "wifi_home"],
    ],
  );
  home.remove();
  assert.deepEqual([home.uiData, home.state], ["machine", "ready"]);
  home.remove();
  await it.settle();
  assert.deepEqual([home.uiData, home.state, home.profile], ["", "idle", undefined]);
  assert.throws(() => it.service("eth0").remove(), { code: "NotImplemented" });
});

test("a move whose second half fails is taken back", async (t) => {
  const { it, radio } = await machine(t, { default: { wifi_home: stored({}) }, [alice]: {} });
  const [bottom] = it.profiles.profiles;
  const home = radio.appear("wifi_home");
  const top = it.profiles.push(alice);
  const { store } = bottom as NonNullable<typeof bottom>;
  store.delete = () => {
    throw new DaemonError("InternalError", "the disk is full");
  };
  assert.throws(() => home.setProperty("Profile", top.path), { code: "InternalError" });
  assert.deepEqual([home.profile, bottom?.has("wifi_home"), top.has("wifi_home")], [bottom, true, false]);
});

test("a crash in the middle of a move leaves the entry in both Profiles: the upper one counts, and no start deletes it", async (t) => {
  // As the stores are then: the new entry is written before the old one is deleted.
  const entry = { wifi_home: stored({ UIData: "the same", AutoConnect: true }) };
  const { it, radio, run } = await machine(t, { default: entry, [alice]: entry });
  await run(() => it.profiles.push(alice));
  const home = radio.networks.get("wifi_home");
  assert.deepEqual([home?.profile?.label, home?.uiData], [alice, "the same"]);
  assert.deepEqual(
    it.profiles.profiles.map((profile) => profile.has("wifi_home")),
    [true, true],
  );
  // Done again, or done at all, the move ends as it should have.
  await run(() => home?.entry.moveTo("/profile/default"));
  assert.deepEqual(
    it.profiles.profiles.map((profile) => profile.has("wifi_home")),
    [true, false],
  );
});
