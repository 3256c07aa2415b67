import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { WireVariant } from "../../../src/base/property.ts";
import type { Profile } from "../../../src/profiles/profile.ts";
import { technologyModules } from "../../../src/technologies/modules.ts";
import { cables } from "../../fakes/fake-machine.ts";
import { type FakeRadio, fakeRadio, stored } from "../../fakes/fake-radio.ts";
import { mac, machine } from "./machine.ts";

const dns = (server: string) => [["NameServers", { signature: "as", value: [server] }]];
const cable = (rows: Readonly<Record<string, unknown>>) => stored({ Type: "ethernet", ...rows });
const evil = cable({ StaticIPConfig: dns("203.0.113.66"), Priority: 9 });
const [anySocket, second] = ["ethernet_any", `ethernet_${mac(2).replaceAll(":", "")}`] as const;

/** Two cables that are in, and a user alice who logs in with these entries. */
async function scene(t: TestContext, entries: Readonly<Record<string, ReadonlyMap<string, string>>> = {}) {
  const it = await machine(t, ["eth0", "eth1"], { modules: technologyModules });
  it.profiles.create("~alice/work", (store) => {
    for (const [entry, rows] of Object.entries(entries)) store.write(entry, rows);
  });
  const login = async (): Promise<Profile> => {
    const profile = it.profiles.push("~alice/work");
    await it.settle();
    return profile;
  };
  const logout = async () => {
    it.profiles.popAllUsers();
    await it.settle();
  };
  const importing = async (profile: Profile | undefined, text: string) => {
    await it.manager.profileEntries.import(profile as Profile, text);
    await it.settle();
  };
  const [bottom] = it.profiles.profiles;
  return { it, login, logout, importing, bottom: bottom as Profile };
}
type Scene = Awaited<ReturnType<typeof scene>>;
const view = ({ it }: Scene) => ({ order: it.order, nameServers: it.nameServers, kernel: it.kernel.toText() });

test("a login puts nothing of a cable in force that no administrator agreed to, and a logout leaves nothing", async (t) => {
  const what = await scene(t, { [anySocket]: evil, [second]: cable({ Priority: 99 }) });
  const before = view(what);
  const profile = await what.login();
  assert.deepEqual(view(what), before);
  assert.equal(what.it.service("eth0").profile?.label, "default");
  assert.deepEqual(
    [...what.it.manager.profileEntries.keptBack(profile)],
    [
      [anySocket, "the machine keeps it, and no administrator agreed to another StaticIPConfig"],
      [second, "the machine keeps it, and no administrator agreed to another Priority"],
    ],
  );
  await what.logout();
  assert.deepEqual(view(what), before);
});

test("settings that concern the user alone are in force from the login to the logout, on the machine's terms", async (t) => {
  const what = await scene(t, { [anySocket]: cable({ UIData: "alice's" }), [second]: cable({ GUID: "7" }) });
  const service = what.it.service("eth0");
  service.setProperty("Priority", 3);
  const before = view(what);
  const profile = await what.login();
  assert.deepEqual([service.profile, service.uiData, service.priority], [profile, "alice's", 3]);
  assert.deepEqual([what.it.service("eth1").guid, what.it.service("eth1").profile], ["7", profile]);
  assert.deepEqual(view(what), before, "a user's Profile on top makes no cable better than another");
  service.setProperty("UIData", "newer");
  service.setProperty("Priority", 4);
  assert.deepEqual([profile.store.read(anySocket)?.get("UIData"), what.bottom.has(anySocket)], ['"newer"', true]);
  assert.ok(![...profile.store.entries()].some((entry) => profile.store.read(entry)?.has("Priority")));
  await what.logout();
  assert.deepEqual([service.uiData, service.priority], ["", 4], "an administrator's setting stays the machine's");
});

test("an administrator's mark gives the user a say, and taking it away ends that at once", async (t) => {
  const what = await scene(t, { [anySocket]: evil });
  const profile = await what.login();
  await what.importing(what.bottom, `[consents]\n${anySocket} = ["bob", "alice"]\n`);
  const service = what.it.service("eth0");
  assert.deepEqual([service.profile, service.terms, what.it.nameServers], [profile, undefined, ["203.0.113.66"]]);
  what.it.manager.profileEntries.delete(what.bottom, "consents");
  await what.it.settle();
  assert.deepEqual([service.profile, what.it.nameServers.includes("203.0.113.66")], [what.bottom, false]);
  await what.importing(what.bottom, `[consents]\n${anySocket} = ["*"]\n`);
  assert.equal(service.profile, profile);
  await what.logout();
  assert.equal(what.it.nameServers.includes("203.0.113.66"), false);
});

test("marks count in Profiles of the machine alone, and senseless ones are none", async (t) => {
  const marks = new Map([[anySocket, '["alice"]']]);
  const what = await scene(t, { [anySocket]: evil, consents: marks });
  await what.login();
  assert.equal(what.it.service("eth0").profile, what.bottom);
  for (const json of ['"*"', "{}", "[1]", "not JSON", '["Alice"]']) {
    what.bottom.store.write("consents", new Map([[anySocket, json]]));
    what.it.manager.profileFollower.reviewEntry(anySocket, what.bottom);
    assert.equal(what.it.service("eth0").profile, what.bottom, json);
  }
});

test("an administrator's configuration in a user's Profile is in force, at the next login as well", async (t) => {
  const what = await scene(t);
  const profile = await what.login();
  const configuration = new Map<string, WireVariant>([
    ["Type", { signature: "s", value: "ethernet" }],
    ["Priority", { signature: "i", value: 5 }],
  ]);
  const service = what.it.manager.configurator.configureForProfile(profile.path, configuration);
  assert.deepEqual([service.profile, service.priority, service.terms], [profile, 5, undefined]);
  await what.logout();
  assert.equal(service.priority, 0);
  const again = await what.login();
  assert.deepEqual([service.profile, service.priority], [again, 5]);
});

test("an import that goes too far takes the cable back from the user, also where the machine has no entry of it", async (t) => {
  const what = await scene(t, { [anySocket]: cable({ UIData: "alice's" }) });
  const profile = await what.login();
  const service = what.it.service("eth0");
  assert.equal(service.profile, profile);
  what.bottom.store.delete(anySocket);
  await what.importing(profile, `[${anySocket}]\nUIData = "x"\nCheckPortal = "false"\n`);
  assert.deepEqual([service.profile, service.checkPortal, service.uiData], [what.bottom, "auto", ""]);
});

test("settings that the machine gets later go before those that a user brought to a network of the user's own", async (t) => {
  const what = await scene(t);
  const { it, bottom } = what;
  const profile = await what.login();
  const eap = it.manager.services.all.find(({ technology }) => technology === "etherneteap");
  await what.importing(profile, '[etherneteap_all]\nEAP.Identity = "alice"\nEAP.Password = "hers"\n');
  assert.deepEqual([eap?.profile, eap?.eap?.identity], [profile, "alice"], "the machine says nothing about it");
  await what.importing(bottom, '[etherneteap_all]\nEAP.Identity = "host"\nEAP.Password = "its"\n');
  assert.deepEqual([eap?.profile, eap?.eap?.identity, eap?.eap?.password], [bottom, "host", "its"]);
  it.manager.profileEntries.delete(bottom, "etherneteap_all");
  assert.deepEqual([eap?.profile, eap?.eap?.password], [profile, "hers"]);
  await what.logout();
  assert.deepEqual([eap?.profile, eap?.eap?.password], [undefined, ""]);
});

test("on the machine's terms the machine's secrets come into no entry of the user's, and are not the user's to read", async (t) => {
  const what = await scene(t, { etherneteap_all: stored({ Type: "etherneteap", UIData: "alice's" }) });
  await what.importing(what.bottom, '[etherneteap_all]\nEAP.Identity = "host"\nEAP.Password = "its"\n');
  const profile = await what.login();
  const eap = what.it.manager.services.all.find(({ technology }) => technology === "etherneteap");
  assert.deepEqual([eap?.profile, eap?.uiData, eap?.eap?.password], [profile, "alice's", "its"]);
  assert.equal(eap?.entry.ownerOfSecrets, "machine");
  assert.equal(eap?.entry.ownerOfChange(["UIData", "EAP.Identity"]), "machine");
  assert.deepEqual(eap?.entry.ownerOfChange(["UIData"]), { uid: undefined });
  eap?.setProperty("UIData", "newer");
  assert.deepEqual([...(profile.store.read("etherneteap_all")?.keys() ?? [])].sort(), ["Type", "UIData"]);
  assert.equal(what.bottom.store.read("etherneteap_all")?.get("EAP.Password"), '"its"');
});

test("a passing setting of the order ends with the Profile of the user who kept the Service", async (t) => {
  const what = await scene(t, { [anySocket]: evil });
  what.bottom.store.write("consents", new Map([[anySocket, '["alice"]']]));
  await what.login();
  what.it.service("eth1").setProperty("EphemeralPriority", 1);
  const service = what.it.service("eth0");
  service.setProperty("EphemeralPriority", 7);
  service.setProperty("LinkMonitorDisable", true);
  await what.logout();
  assert.deepEqual([service.ephemeralPriority, service.isLinkMonitorDisabled], [0, false]);
  assert.equal(what.it.service("eth1").ephemeralPriority, 1, "not the user's");
});

test("rows of Devices count in Profiles of the machine alone, and a user's Profile takes none", async (t) => {
  const device = `device_${mac(2).replaceAll(":", "")}`;
  const off = new Map([["EnabledPersistently", "false"]]);
  const what = await scene(t, { [device]: off, global: new Map([["ProhibitedTechnologies", '"ethernet"']]) });
  const { it } = what;
  const profile = await what.login();
  const isOn = () => [it.device("eth1").isEnabled, it.device("eth1").isEnabledPersistently];
  assert.deepEqual(isOn(), [true, true]);
  it.kernel.removeHardware("eth1");
  await it.settle();
  it.kernel.addHardware({ name: "eth1", mac: mac(2) });
  await it.settle();
  assert.deepEqual(isOn(), [true, true], "a card that comes back while the user is logged in");
  for (const entry of [device, "global", "consents"]) {
    const text = `[wifi_x]\nType = "wifi"\n[${entry}]\n`;
    const refusal = { code: "InvalidArguments", message: new RegExp(`^\\[${entry}\\] has no place in ~alice/work`) };
    await assert.rejects(it.manager.profileEntries.import(profile, text), refusal);
    assert.ok(!profile.has("wifi_x"), "all or nothing");
  }
  await what.importing(what.bottom, `[${device}]\nEnabledPersistently = false\n`);
  assert.equal(it.device("eth1").isEnabledPersistently, false, "the machine's own counts");
});

test("a network that was only connected before the login is the user's to configure, one that the machine configures is not", async (t) => {
  let radio: FakeRadio | undefined;
  const air = fakeRadio((made) => {
    radio = made;
  });
  const it = await machine(t, [], { modules: [cables, air] });
  const bottom = it.profiles.profiles[0] as Profile;
  bottom.store.write("wifi_kept", stored({ AutoConnect: true, CheckPortal: "false" }));
  const noted = radio?.appear("wifi_noted");
  noted?.connect("a person");
  const kept = radio?.appear("wifi_kept");
  await it.settle();
  await it.clock.advanceSettled(1);
  assert.equal(bottom.store.read("wifi_noted")?.get("AutoConnect"), "true");
  it.profiles.create("~alice/work", (store) => {
    store.write("wifi_noted", stored({ AutoConnect: false, Priority: 3 }));
    store.write("wifi_kept", stored({ AutoConnect: false }));
  });
  const profile = it.profiles.push("~alice/work");
  assert.deepEqual([noted?.profile, noted?.priority, noted?.autoConnect], [profile, 3, false]);
  assert.deepEqual([kept?.profile, kept?.autoConnect], [bottom, true]);
  const [because = ""] = it.manager.profileEntries.keptBack(profile).values();
  assert.match(because, /to another AutoConnect$/);
});
