import assert from "node:assert/strict";
import { test } from "node:test";
import { parseTechnologyList } from "../../../src/base/technology.ts";
import { machine } from "./machine.ts";

const lists: readonly (readonly [text: string, list: readonly string[] | undefined])[] = [
  ["", []],
  ["  ", []],
  ["wifi", ["wifi"]],
  [" wifi ,\tethernet\n", ["wifi", "ethernet"]],
  ["wifi,wifi", undefined],
  ["wifi, wifi", undefined],
  ["wifi,", undefined],
  [",", undefined],
  ["smoke", undefined],
  ["wi fi", undefined],
  ["unknown", undefined],
];
for (const [text, list] of lists) {
  test(`${JSON.stringify(text)} is ${list ? `a list of ${list.length}` : "no list of technologies"}`, () => {
    assert.deepEqual(parseTechnologyList(text), list);
  });
}

test("lists are kept as they were set, and count without their blanks", async (t) => {
  const it = await machine(t, ["eth0"]);
  it.manager.settings.setProperty("NoAutoConnectTechnologies", "wifi,  ethernet ");
  assert.equal(it.manager.settings.properties.value("NoAutoConnectTechnologies"), "wifi,  ethernet ");
  assert.equal(it.manager.serviceRegistry.isTechnologyAutoConnectable("ethernet"), false);
  it.manager.settings.setProperty("ProhibitedTechnologies", " ethernet");
  await it.settle();
  assert.equal(it.device("eth0").isEnabled, false);
});

test("CheckPortalList and NoAutoConnectTechnologies keep words that are no technology; the others in them count", async (t) => {
  const it = await machine(t, ["eth0"]);
  it.manager.settings.setProperty("CheckPortalList", "smoke, ethernet");
  await it.settle();
  assert.equal(it.service("eth0").state, "ready");
  it.manager.settings.setProperty("NoAutoConnectTechnologies", "smoke,ethernet");
  assert.equal(it.manager.serviceRegistry.isTechnologyAutoConnectable("ethernet"), false);
  it.manager.settings.setProperty("CheckPortalList", "smoke");
  await it.settle();
  assert.equal(it.service("eth0").state, "online");
  assert.equal(it.profiles.profiles[0]?.store.read("global")?.get("CheckPortalList"), '"smoke"');
});

test("a list without end is refused, with its length and not its text", async (t) => {
  const it = await machine(t, []);
  for (const name of ["CheckPortalList", "NoAutoConnectTechnologies"]) {
    assert.throws(() => it.manager.settings.setProperty(name, "x".repeat(100_000)), {
      code: "InvalidArguments",
      message: `${name} has 100000 characters; 1024 are allowed`,
    });
  }
});

test("a host name is any text that can be sent", async (t) => {
  const it = await machine(t, []);
  for (const name of ["laptop", "my laptop!", "Büro_PC", "-x-", "x".repeat(255), ""]) {
    it.manager.settings.setProperty("DHCPProperty.Hostname", name);
    assert.equal(it.manager.settings.values.dhcpHostname, name);
  }
  for (const name of ["x".repeat(256), "ü".repeat(128), "two\nlines", "\u0085"]) {
    assert.throws(() => it.manager.settings.setProperty("DHCPProperty.Hostname", name), { code: "InvalidArguments" });
  }
  it.manager.settings.setProperty("DHCPProperty.Hostname", "my laptop!");
  it.kernel.plug("eth0");
  await it.settle();
  assert.equal(it.dhcp.session("eth0").config.hostname, "my laptop!");
});

test("claimed links are listed in the order of their names", async (t) => {
  const it = await machine(t, []);
  for (const name of ["zz9", "eth1", "aa0"]) it.manager.deviceInfo.claim(name);
  assert.deepEqual(it.manager.settings.properties.value("ClaimedDevices"), ["aa0", "eth1", "zz9"]);
});
