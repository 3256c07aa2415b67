import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "node:util";
import type { WireVariant } from "../../../src/base/property.ts";
import type { Profile } from "../../../src/profiles/profile.ts";
import type { ProfileStore } from "../../../src/profiles/store.ts";
import { onBus, shillError, variant } from "./machine-on-bus.ts";

/**
 * Calls on a stack of `default` and `~alice/work`, with a file `spare` beside them, in this order; and the answer to
 * each.
 */
const conversation: readonly [call: string, args: readonly string[], answer: string | { error: string }][] = [
  ["CreateProfile", ["spare"], "/profile/spare"],
  ["CreateProfile", ["spare"], { error: "AlreadyExists" }],
  ["CreateProfile", ["default"], { error: "AlreadyExists" }],
  ["CreateProfile", ["no name"], { error: "InvalidArguments" }],
  ["CreateProfile", ["~alice/work"], "/profile/alice/work"],
  ["PushProfile", ["~bob/work"], { error: "NotFound" }],
  ["PushProfile", ["default"], { error: "AlreadyExists" }],
  ["PushProfile", ["~/work"], { error: "InvalidArguments" }],
  ["InsertUserProfile", ["spare", "hash"], { error: "InvalidArguments" }],
  ["InsertUserProfile", ["~bob/work", "hash"], { error: "NotFound" }],
  ["InsertUserProfile", ["~alice/work", "cafe"], "/profile/alice/work"],
  ["InsertUserProfile", ["~alice/work", "cafe"], { error: "AlreadyExists" }],
  ["CreateProfile", ["~alice/work"], { error: "AlreadyExists" }],
  ["PushProfile", ["spare"], { error: "InvalidArguments" }],
  ["RemoveProfile", ["~alice/work"], { error: "InvalidArguments" }],
  ["RemoveProfile", ["../../etc/passwd"], { error: "InvalidArguments" }],
  ["PopProfile", ["default"], { error: "WrongState" }],
  ["PopProfile", ["?"], { error: "InvalidArguments" }],
  ["PopProfile", ["~alice/work"], ""],
  ["PushProfile", ["stub"], "/profile/stub"],
  ["PushProfile", ["~alice/work"], "/profile/alice/work"],
  ["PopAllUserProfiles", [], ""],
  ["PopAllUserProfiles", [], ""],
  ["PopAnyProfile", [], ""],
  ["RemoveProfile", ["spare"], ""],
  ["RemoveProfile", ["spare"], ""],
  ["PopAnyProfile", [], ""],
  ["PopAnyProfile", [], { error: "NotFound" }],
  ["PopProfile", ["default"], { error: "NotFound" }],
];

test("the methods of the Profile stack answer by the names and rules of the contract", async (t) => {
  const { call } = await onBus(t);
  for (const [member, args, answer] of conversation) {
    const what = `${member}(${args.join(", ")})`;
    const reply = call("/", member, "s".repeat(args.length), args);
    if (typeof answer === "string") assert.deepEqual(await reply, answer === "" ? [] : [answer], what);
    else await assert.rejects(reply, { busName: shillError(answer.error) }, what);
  }
});

test("a pushed Profile is an object last in Profiles, a popped one is gone, and both are signalled", async (t) => {
  const { it, client, call, properties } = await onBus(t);
  const heard: unknown[] = [];
  client.match({ interface: "org.chromium.flimflam.Manager", member: "PropertyChanged" }, ({ args: [name, value] }) => {
    if (name === "Profiles") heard.push(value);
  });
  await call("/", "CreateProfile", "s", ["~alice/work"]);
  await assert.rejects(properties("/profile/alice/work"), "not on the bus until pushed");
  await call("/", "InsertUserProfile", "ss", ["~alice/work", "cafe"]);
  await it.settle();
  const profile = await properties("/profile/alice/work");
  assert.deepEqual([profile.get("Name"), profile.get("UserHash"), profile.get("Entries")], ["work", "cafe", []]);
  assert.equal((await properties("/")).get("ActiveProfile"), "/profile/alice/work");
  await call("/", "PopAllUserProfiles");
  await it.settle();
  await assert.rejects(properties("/profile/alice/work"), { busName: "org.freedesktop.DBus.Error.UnknownObject" });
  assert.deepEqual(heard, [
    variant("ao", ["/profile/default", "/profile/alice/work"]),
    variant("ao", ["/profile/default"]),
  ]);
});

test("another user may not touch the stack", async (t) => {
  const { call } = await onBus(t, { uid: 1000 });
  for (const [member, ...args] of [["CreateProfile", "x"], ["PushProfile", "x"], ["PopAllUserProfiles"]] as const) {
    await assert.rejects(call("/", member, "s".repeat(args.length), args), { busName: shillError("PermissionDenied") });
  }
});

test("a Profile made for the machine begins with the settings in force, so that pushing it changes none", async (t) => {
  const { it, call, properties } = await onBus(t);
  const set = (name: string, value: string) => call("/", "SetProperty", "sv", [name, variant("s", value)]);
  await set("DHCPProperty.Hostname", "harbour");
  await call("/", "CreateProfile", "s", ["test"]);
  await call("/", "PushProfile", "s", ["test"]);
  assert.equal((await properties("/")).get("DHCPProperty.Hostname"), "harbour");
  await set("DHCPProperty.Hostname", "pier");
  await call("/", "PopProfile", "s", ["test"]);
  await it.settle();
  assert.equal((await properties("/")).get("DHCPProperty.Hostname"), "pier", "popping puts nothing back");
});

test("GetEntry tells every property of what goes by the entry, there or not, and DeleteEntry deletes it", async (t) => {
  const { it, call } = await onBus(t);
  const { store } = it.profiles.profiles[0] as { store: ProfileStore };
  store.write(
    "wifi_any_6869_managed_psk",
    new Map([
      ["Type", '"wifi"'],
      ["GUID", '"7"'],
      ["WiFi.Passphrase", '"hush hush"'],
    ]),
  );
  store.write("mystery", new Map());
  const entry = async (name: string) => {
    const [found] = await call("/profile/default", "GetEntry", "s", [name]);
    return found as ReadonlyMap<string, WireVariant>;
  };
  const text = (of: ReadonlyMap<string, WireVariant>, name: string) => of.get(name)?.value;
  const live = await entry("ethernet_any");
  assert.deepEqual([text(live, "Type"), text(live, "Device")], ["ethernet", "/device/eth0"]);
  const network = await entry("wifi_any_6869_managed_psk");
  assert.deepEqual(
    ["Type", "GUID", "State", "Visible"].map((name) => text(network, name)),
    ["wifi", "7", "idle", false],
  );
  assert.doesNotMatch(inspect(network), /hush/);
  await assert.rejects(entry("wifi_none"), { busName: shillError("NotFound") });
  await assert.rejects(entry("mystery"), { busName: shillError("InternalError") });
  const remove = (name: string) => call("/profile/default", "DeleteEntry", "s", [name]);
  await remove("wifi_any_6869_managed_psk");
  await assert.rejects(remove("wifi_any_6869_managed_psk"), { busName: shillError("NotFound") });
  it.service("eth0").setProperty("UIData", "words");
  await remove("ethernet_any");
  assert.equal(it.service("eth0").uiData, "", "a cable begins anew");
  assert.ok(store.has("ethernet_any"));
});

test("a user may move a network between Profiles that are the user's, and into no other", async (t) => {
  const { it, call } = await onBus(t, { uid: 1000 });
  for (const name of ["~alice/work", "~alice/home", "~bob/work"]) it.profiles.create(name);
  const [work, home, other] = ["~alice/work", "~alice/home", "~bob/work"].map((name) => it.profiles.push(name));
  await it.settle();
  Object.assign(work as object, { ownerUid: 1000 });
  Object.assign(home as object, { ownerUid: 1000 });
  Object.assign(other as object, { ownerUid: 1001 });
  const service = it.service("eth0");
  const move = (path: string) => call(service.path, "SetProperty", "sv", ["Profile", variant("s", path)]);
  const viaStandard = (path: string) => {
    const args = ["org.chromium.flimflam.Service", "Profile", variant("s", path)];
    return call(service.path, "Set", "ssv", args, "org.freedesktop.DBus.Properties");
  };
  await assert.rejects(move("/profile/alice/work"), { busName: shillError("PermissionDenied") }, "it is the machine's");
  service.entry.adoptBy(work as Profile);
  for (const path of ["/profile/default", "/profile/bob/work"]) {
    await assert.rejects(move(path), { busName: shillError("PermissionDenied") });
    await assert.rejects(viaStandard(path));
  }
  await move("/profile/alice/home");
  assert.equal(service.profile, home);
  await assert.rejects(call(service.path, "ClearProperty", "s", ["Profile"]), {
    busName: shillError("InvalidArguments"),
  });
});
