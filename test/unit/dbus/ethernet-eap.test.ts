import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { toJson, type WireVariant } from "../../../src/base/property.ts";
import { managerServiceMethods } from "../../../src/dbus/manager-service-methods.ts";
import { MemoryStore } from "../../../src/profiles/memory-store.ts";
import { Profile } from "../../../src/profiles/profile.ts";
import { eapProperties } from "../../../src/services/eap-properties.ts";
import type { EthernetEapService } from "../../../src/technologies/ethernet/ethernet-eap.ts";
import { technologyModules } from "../../../src/technologies/modules.ts";
import { onBus, shillError, variant } from "./machine-on-bus.ts";

const path = "/service/1";
const secret = "a-word-that-nobody-else-says";
const text = (value: string) => variant("s", value);
const type = text("etherneteap");

/** A machine as the daemon makes it, with the Service that holds the settings of 802.1X at {@link path}. */
async function scene(t: TestContext, options: { uid?: number } = {}) {
  const machine = await onBus(t, { ...options, modules: technologyModules });
  const service = machine.it.manager.services.all.find(({ technology }) => technology === "etherneteap");
  const set = (name: string, value: WireVariant) => machine.call(path, "SetProperty", "sv", [name, value]);
  const configure = (properties: Readonly<Record<string, WireVariant>>) =>
    machine.call("/", "ConfigureService", "a{sv}", [new Map([["Type", type], ...Object.entries(properties)])]);
  const profile = () => machine.it.profiles.profileForNew() as Profile;
  const rows = () => profile().store.read("etherneteap_all");
  return { ...machine, service: service as EthernetEapService, set, configure, profile, rows };
}

test("there is one from the start: invisible, nothing to connect, found and configured by its type", async (t) => {
  const { call, properties, configure } = await scene(t);
  const manager = await properties("/");
  assert.deepEqual(manager.get("ServiceCompleteList"), ["/service/0", path]);
  assert.deepEqual(manager.get("Services"), []);
  const found = await properties(path);
  const names = ["Type", "Name", "LogName", "Visible", "Connectable", "Strength", "EAP.KeyMgmt", "EAP.UseSystemCAs"];
  assert.deepEqual(
    names.map((name) => found.get(name)),
    ["etherneteap", "Ethernet EAP Parameters", "etherneteap_1", false, false, 0, "IEEE8021X", true],
  );
  assert.deepEqual(await configure({}), [path]);
  assert.deepEqual(await call("/", "GetService", "a{sv}", [new Map([["Type", type]])]), [path]);
  assert.equal(found.get("Device"), "/", "as no object is written: it is on no Device, ever");
  assert.equal(found.get("StartTime"), 0n);
  await assert.rejects(call(path, "Connect"), { busName: shillError("Failure"), message: /not connectable/ });
  const attempted = await properties(path);
  for (const name of ["StartTime", "LastManualConnectAttempt"])
    assert.ok((attempted.get(name) as bigint) > 0n, `${name}: an attempt that was refused is one`);
});

const values: Readonly<Record<string, readonly [good: unknown, other: unknown, bad?: unknown]>> = {
  "EAP.AnonymousIdentity": ["anonymous", "", "two\nlines"],
  "EAP.CACertID": ["ca", "", "x".repeat(1025)],
  "EAP.CACertPEM": [["-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----"], [], ["\u0001"]],
  "EAP.CertID": ["cert", "", "\u007f"],
  "EAP.DomainSuffixMatch": [["example", "example.net"], [], Array(65).fill("x")],
  "EAP.EAP": ["PEAP", "TTLS", "peep"],
  "EAP.Identity": ["alice", "bob", "alice\u0001"],
  "EAP.InnerEAP": ["auth=MSCHAPV2", "autheap=GTC", "MSCHAPV2"],
  "EAP.KeyID": ["key", "", "\n"],
  "EAP.KeyMgmt": ["WPA-EAP", "IEEE8021X", "a\tb"],
  "EAP.Password": [secret, "", "line\nline"],
  "EAP.PIN": ["11111", "", "\r"],
  "EAP.SubjectAlternativeNameMatch": [['{"Type":"DNS","Value":"r.example"}'], [], ['{"Type":"IP","Value":"::1"}']],
  "EAP.SubjectMatch": ["CN=r", "", "\u001b[2J"],
  "EAP.TLSVersionMax": ["1.2", "", "9"],
  "EAP.UseLoginPassword": [true, false],
  "EAP.UseProactiveKeyCaching": [true, false],
  "EAP.UseSystemCAs": [false, true],
};
for (const [name, def] of Object.entries(eapProperties("IEEE8021X"))) {
  test(`${name}: told and stored once, kept over a restart, refused as another type and with what cannot be meant`, async (t) => {
    const { it, client, call, properties, configure, set, profile, rows, service } = await scene(t);
    await configure({});
    const [good, other, bad] = values[name] ?? [];
    const told: unknown[] = [];
    client.match({ interface: "org.chromium.flimflam.Service", member: "PropertyChanged" }, ({ args }) =>
      told.push(args),
    );
    const write = t.mock.method(profile().store, "write");
    const sent = variant(def.signature, good);
    await set(name, sent);
    await set(name, sent);
    await it.settle();
    assert.deepEqual(told, def.isSecret ? [] : [[name, sent]]);
    assert.equal(write.mock.callCount(), 1);
    assert.equal(rows()?.get(name), JSON.stringify(good));

    service.unload();
    assert.notDeepEqual(def.get?.(service), good);
    service.entry.load(profile());
    assert.deepEqual(def.get?.(service), good);

    const wrong = def.signature === "b" ? text("x") : variant("b", true);
    await assert.rejects(set(name, wrong), {
      busName: shillError("InvalidArguments"),
      message: /Property .* is not a/,
    });
    if (bad !== undefined) {
      const refusal = { busName: shillError("InvalidArguments"), message: new RegExp(`^${name} `) };
      await assert.rejects(set(name, variant(def.signature, bad)), refusal);
    }
    assert.deepEqual(def.get?.(service), good);
    await set(name, variant(def.signature, other));
    assert.deepEqual(def.get?.(service), other);
    await call(path, "ClearProperty", "s", [name]);
    assert.equal(rows()?.has(name), false, "the default leaves no row");
    assert.equal((await properties(path)).has(name), !def.isSecret);
  });
}

test("a stored value that no client could have set is not taken", async (t) => {
  const { profile, service } = await scene(t);
  const { store } = profile();
  store.write(
    "etherneteap_all",
    new Map([
      ["EAP.EAP", '"peep"'],
      ["EAP.Identity", '"alice"'],
    ]),
  );
  service.entry.load(profile());
  assert.deepEqual([service.eap.method, service.eap.identity], ["", "alice"]);
});

test("password and PIN are told by nothing that every user may read, and by no guess", async (t) => {
  const { it, client, call, configure, set } = await scene(t);
  const told: unknown[] = [];
  client.match({}, ({ args }) => told.push(args));
  await configure({ "EAP.Password": text(secret) });
  await set("EAP.PIN", text(`${secret}-pin`));
  await it.settle();
  const readable = {
    GetProperties: await call(path, "GetProperties"),
    GetAll: await call(path, "GetAll", "s", ["org.chromium.flimflam.Service"], "org.freedesktop.DBus.Properties"),
    GetManagedObjects: await call("/", "GetManagedObjects", "", [], "org.freedesktop.DBus.ObjectManager"),
    GetEntry: await call("/profile/default", "GetEntry", "s", ["etherneteap_all"]),
    Export: await call("/profile/default", "Export", "", [], "org.fairlead.Profile1"),
    signals: told,
  };
  for (const [where, found] of Object.entries(readable)) {
    assert.match(toJson(found), /Ethernet EAP|etherneteap|EAP/, `${where} is about it`);
    assert.doesNotMatch(toJson(found), new RegExp(secret), where);
  }
  const standard = "org.freedesktop.DBus.Properties";
  await assert.rejects(call(path, "Get", "ss", ["org.chromium.flimflam.Service", "EAP.Password"], standard));
  const guess = new Map([["EAP.Password", text(secret)]]);
  await assert.rejects(call("/", "FindMatchingService", "a{sv}", [guess]), { busName: shillError("NotFound") });
  const [exported] = await call("/profile/default", "ExportWithSecrets", "", [], "org.fairlead.Profile1");
  assert.match(String(exported), new RegExp(`EAP\\.Password = "${secret}"`));
});

test("GetEapPassphrase tells root; without a password it is NotSupported, without EAP IllegalOperation", async (t) => {
  const { call, set } = await scene(t);
  await assert.rejects(call(path, "GetEapPassphrase"), { busName: shillError("NotSupported") });
  await set("EAP.Password", text(secret));
  assert.deepEqual(await call(path, "GetEapPassphrase"), [secret]);
  await assert.rejects(call("/service/0", "GetEapPassphrase"), { busName: shillError("IllegalOperation") });
});

test("GetEapPassphrase tells the user whose Profile keeps it, and no other", async (t) => {
  const { profile, call, service } = await scene(t, { uid: 1000 });
  service.setProperty("EAP.Password", secret);
  const denied = { busName: shillError("PermissionDenied") };
  await assert.rejects(call(path, "GetEapPassphrase"), denied, "nobody keeps it");
  service.entry.belongTo(profile());
  await assert.rejects(call(path, "GetEapPassphrase"), denied, "the machine keeps it");
  const alice = new Profile({ user: "alice", name: "fairlead" }, new MemoryStore("alice"));
  service.entry.belongTo(alice);
  alice.ownerUid = 1001;
  await assert.rejects(call(path, "GetEapPassphrase"), denied, "another user keeps it");
  alice.ownerUid = 1000;
  assert.deepEqual(await call(path, "GetEapPassphrase"), [secret]);
});

test("a secret does not come into a user's Profile without the consent of its owner", async (t) => {
  const { it, service } = await scene(t);
  const alice = new Profile({ user: "alice", name: "fairlead" }, new MemoryStore("alice"));
  alice.ownerUid = 1000;
  t.mock.method(it.profiles, "byPath", () => alice);
  const needs = () =>
    managerServiceMethods.ConfigureServiceForProfile.needs?.(it.manager, [alice.path, new Map([["Type", type]])]);
  const own = { right: "settings", owner: { uid: 1000 } };
  assert.deepEqual([needs(), service.entry.needsToMoveTo(alice)], [[own], [own]]);
  service.setProperty("EAP.Password", secret);
  const both = [{ right: "secrets", owner: "nobody" }, own];
  assert.deepEqual([needs(), service.entry.needsToMoveTo(alice)], [both, both]);
  service.entry.belongTo(alice);
  assert.deepEqual(needs(), [own]);
});

test("without SaveCredentials what is personal stays in memory alone", async (t) => {
  const { configure, rows, service, set } = await scene(t);
  await configure({ "EAP.Identity": text("alice"), "EAP.Password": text(secret), "EAP.EAP": text("PEAP") });
  assert.equal(rows()?.get("EAP.Password"), JSON.stringify(secret));
  await set("SaveCredentials", variant("b", false));
  const names = [...(rows()?.keys() ?? [])];
  assert.deepEqual(
    ["EAP.EAP", "EAP.Identity", "EAP.Password"].map((name) => names.includes(name)),
    [true, false, false],
  );
  assert.equal(service.eap.password, secret);
  await set("EAP.Password", text("another"));
  assert.equal(service.eap.password, "another");
  assert.equal(rows()?.has("EAP.Password"), false);
});

test("a logout takes the user's credentials along, and Remove forgets them on disk", async (t) => {
  const { it, call, configure, rows, service } = await scene(t);
  it.profiles.create("~alice/work", () => {});
  it.profiles.push("~alice/work");
  await configure({ "EAP.Identity": text("alice"), "EAP.Password": text(secret) });
  assert.equal(service.profile?.label, "~alice/work");
  it.profiles.popAllUsers();
  assert.deepEqual([service.eap.identity, service.eap.password, service.profile], ["", "", undefined]);
  it.profiles.push("~alice/work");
  assert.equal(service.eap.password, secret);
  await call(path, "Remove");
  assert.deepEqual([service.eap.password, rows()], ["", undefined]);
});

test("an imported text is held to the settings that there are", async (t) => {
  const { call, service } = await scene(t);
  const put = (line: string) =>
    call(
      "/profile/default",
      "Import",
      "s",
      [`[etherneteap_all]\nType = "etherneteap"\n${line}\n`],
      "org.fairlead.Profile1",
    );
  await assert.rejects(put('EAP.Identitty = "alice"'), {
    message: /line 3: etherneteap_all has no setting EAP\.Identitty/,
  });
  await put(`EAP.Identity = "alice"\nEAP.Password = "${secret}"`);
  assert.deepEqual([service.eap.identity, service.eap.password], ["alice", secret]);
});
