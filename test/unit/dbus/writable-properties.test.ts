/** Every writable property of every object, of each technology: one set of rules for all. */
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { type AnyPropertyDef, isSameValue, type PropertyShape, type WireVariant } from "../../../src/base/property.ts";
import { deviceProperties } from "../../../src/devices/device-properties.ts";
import { managerShape } from "../../../src/manager/manager-properties.ts";
import { MemoryStorage } from "../../../src/profiles/memory-store.ts";
import { technologyModules } from "../../../src/technologies/modules.ts";
import { FakeSupplicant } from "../../fakes/fake-supplicant.ts";
import { onBus, shillError, variant } from "./machine-on-bus.ts";

/** Values that the check of a property takes, where those by type below are refused. */
const samples: Readonly<Record<string, unknown>> = {
  "Cellular.APN": new Map([["apn", "internet.test"]]),
  CheckPortal: "false",
  DNSProxyDOHProviders: new Map([["https://dns.example/query", variant("s", "192.0.2.53")]]),
  "DHCPProperty.Hostname": "laptop",
  DisconnectWiFiOnEthernet: "online",
  "EAP.CACertPEM": ["TUlJQg=="],
  "EAP.EAP": "PEAP",
  "EAP.InnerEAP": "auth=MSCHAPV2",
  "EAP.SubjectAlternativeNameMatch": ['{"Type":"DNS","Value":"radius.example"}'],
  "EAP.TLSVersionMax": "1.2",
  ONCSource: "UserImport",
  Passphrase: "a long passphrase",
  ProhibitedTechnologies: "vpn",
  StaticIPConfig: new Map([
    ["Address", variant("s", "192.0.2.77")],
    ["Prefixlen", variant("i", 24)],
  ]),
  "WireGuard.IPAddress": ["10.64.0.2/24"],
  "WireGuard.Peers": [
    new Map([
      ["PublicKey", `${"b".repeat(42)}A=`],
      ["AllowedIPs", "10.0.0.0/8"],
    ]),
  ],
  "WireGuard.PrivateKey": `${"a".repeat(42)}A=`,
};
const byType: Readonly<Record<string, unknown>> = { s: "word", i: 7, q: 7, u: 7, y: 7, as: ["word.example"] };

/** Properties that are not free to take another value, and the reason. */
const bound: Readonly<Record<string, string>> = {
  Name: "only the value that it has is taken, as unit tests of the Service say",
  "PPPoE.Username": "only the value that it has is taken: it is what the account is known by",
  Profile: "moves the settings to another Profile, as tests of the Profile stack say",
  "ethernet AutoConnect": "cables connect by themselves",
};

interface Subject {
  readonly path: string;
  readonly kind: string;
  readonly technology: string;
  readonly shape: PropertyShape<never>;
}

/** The configured Service of each machine, so that it is stored. */
const identities: { readonly [C in Card]?: Readonly<Record<string, string>> } = {
  radio: { Type: "wifi", SSID: "Home", SecurityClass: "psk" },
  account: { Type: "pppoe", "PPPoE.Username": "alice" },
  tunnel: { Type: "vpn", "Provider.Type": "wireguard", "Provider.Host": "vpn.example", Name: "work" },
};

/** A radio has one network in range, a modem a SIM. */
async function scene(t: TestContext, card: Card, storage = new MemoryStorage()) {
  const supplicant = new FakeSupplicant();
  supplicant.switchOn({ ssid: "Home", bssid: "02:00:00:00:01:01", security: "psk", signalDbm: -50 });
  const on = await onBus(t, {
    modules: technologyModules,
    storage,
    supplicant,
    ...(card === "radio" && { devtype: "wlan" as const }),
  });
  if (card === "radio") on.it.kernel.addHardware({ name: "wlan0", mac: "02:00:00:00:00:09", isPlugged: true });
  if (card === "modem") plugModem(on);
  await on.it.settle();
  const heard = changesHeard(on);
  const identity = identities[card];
  if (!identity) return { ...on, heard };
  const named = Object.entries(identity).map(([name, value]): [string, WireVariant] => [name, variant("s", value)]);
  await on.call("/", "ConfigureService", "a{sv}", [new Map(named)]);
  await on.it.settle();
  return { ...on, heard };
}
function plugModem({ it }: Awaited<ReturnType<typeof onBus>>): void {
  const link = "pseudomodem0";
  it.kernel.addHardware({ name: link, mac: "02:00:00:00:00:02", isPlugged: true });
  it.modems.plug({
    imei: "350000000000001",
    link,
    iccid: "8900100000000000001",
    apn: "internet.test",
    addressing: "static",
  });
}
/** `path name` of every property in a PropertiesChanged signal: values, and names alone, as those of secrets are. */
function changesHeard({ client }: Awaited<ReturnType<typeof onBus>>): readonly string[] {
  const heard: string[] = [];
  client.match({ interface: "org.freedesktop.DBus.Properties", member: "PropertiesChanged" }, ({ path, args }) => {
    const [, changed, invalidated] = args as [string, ReadonlyMap<string, unknown>, readonly string[]];
    for (const name of [...changed.keys(), ...invalidated]) heard.push(`${path} ${name}`);
  });
  return heard;
}
type Scene = Awaited<ReturnType<typeof scene>>;

function subjectsOf({ it }: Scene): readonly Subject[] {
  const shapeOf = (shape: unknown) => shape as PropertyShape<never>;
  return [
    { path: "/", kind: "Manager", technology: "", shape: shapeOf(managerShape) },
    ...it.manager.devices.map(({ path, technology, properties }) => ({
      path,
      kind: "Device",
      technology,
      shape: shapeOf(properties.shape),
    })),
    ...it.manager.services.all.map(({ path, technology, shape }) => ({
      path,
      kind: "Service",
      technology,
      shape: shapeOf(shape),
    })),
  ];
}

const isBound = (name: string, { technology }: Subject): boolean =>
  Object.hasOwn(bound, name) || Object.hasOwn(bound, `${technology} ${name}`);
const freeProperties = (subject: Subject) =>
  [...subject.shape.defs].filter(([name, def]) => def.set && !def.isInternal && !isBound(name, subject));

function otherValue(name: string, { signature }: AnyPropertyDef<never>, now: unknown): unknown {
  if (Object.hasOwn(samples, name)) return samples[name];
  if (signature === "b") return !now;
  const value = byType[signature];
  assert.notEqual(value, undefined, `${name} needs a sample of type ${signature}`);
  return value;
}
const wrongType = (signature: string) => (signature === "as" ? variant("s", "word") : variant("as", ["word"]));

const cards = ["cable", "account", "radio", "modem", "tunnel"] as const;
type Card = (typeof cards)[number];

for (const card of cards) {
  const on = `a machine with a ${card}`;

  test(`${on}: every writable property refuses another type, announces a change and is silent on a no-op`, async (t) => {
    const machine = await scene(t, card);
    for (const subject of subjectsOf(machine)) {
      for (const [name, def] of freeProperties(subject)) await checkWrites(machine, subject, name, def);
    }
  });

  // Without SaveCredentials credentials are not stored: it is changed on a machine of its own.
  for (const alone of [false, true]) {
    const which = alone ? "SaveCredentials" : "every other writable property that is stored";
    test(`${on}: ${which} survives save and restore`, (t) =>
      survives(t, card, (name) => (name === "SaveCredentials") === alone));
  }
}

async function survives(t: TestContext, card: Card, isMeant: (name: string) => boolean): Promise<void> {
  const storage = new MemoryStorage();
  const first = await scene(t, card, storage);
  const kept: { readonly of: string; readonly name: string; readonly value: unknown }[] = [];
  for (const subject of subjectsOf(first)) {
    const now = await first.properties(subject.path);
    const isUnkept = now.get("Profile") === "";
    if (isUnkept) await first.call(subject.path, "SetProperty", "sv", ["Profile", variant("s", "/profile/default")]);
    for (const [name, def] of freeProperties(subject)) {
      if (!def.persist || !isMeant(name)) continue;
      const value = otherValue(name, def, now.get(name));
      await first.call(subject.path, "SetProperty", "sv", [name, variant(def.signature, value)]);
      kept.push({ of: `${subject.kind} ${subject.technology}`, name, value });
    }
  }
  assert.notEqual(kept.length, 0);
  const second = await scene(t, card, storage);
  const found = new Map(subjectsOf(second).map((subject) => [`${subject.kind} ${subject.technology}`, subject]));
  for (const { of, name, value } of kept) {
    const subject = found.get(of);
    assert.ok(subject, of);
    const stored = storedValue(second, subject, name);
    assert.ok(isSameValue(stored, value), `${of} ${name} is not restored`);
  }
}

test("the machines above have every kind of Service and Device, and no writable property of Devices is forgotten", async (t) => {
  const seen = new Set<string>();
  for (const card of cards) {
    for (const { kind, technology } of subjectsOf(await scene(t, card))) seen.add(`${kind} ${technology}`);
  }
  for (const { services, devices } of technologyModules) {
    for (const { technology } of services) assert.ok(seen.has(`Service ${technology}`), technology);
    if (devices) assert.ok(seen.has(`Device ${devices.technology}`), devices.technology);
  }
  assert.deepEqual(
    Object.entries(deviceProperties).filter(([, def]) => "set" in def),
    [],
  );
});

async function checkWrites(machine: Scene, subject: Subject, name: string, def: AnyPropertyDef<never>): Promise<void> {
  const { call, properties, heard } = machine;
  const what = `${subject.kind} ${subject.technology} ${name}`;
  const set = (value: WireVariant) => call(subject.path, "SetProperty", "sv", [name, value]);
  const told = () => heard.filter((change) => change === `${subject.path} ${name}`).length;
  const before = told();
  await assert.rejects(set(wrongType(def.signature)), { busName: shillError("InvalidArguments") }, what);
  assert.equal(told(), before, `${what} is announced after a refusal`);
  const value = otherValue(name, def, (await properties(subject.path)).get(name));
  await set(variant(def.signature, value));
  assert.equal(told(), before + 1, `${what} is announced once`);
  await set(variant(def.signature, value));
  assert.equal(told(), before + 1, `${what} is silent on a no-op`);
}

/** Secrets are not readable on the bus: the table says how the store sees them. */
function storedValue({ it }: Scene, { path, kind, shape }: Subject, name: string): unknown {
  const of =
    kind === "Manager"
      ? it.manager
      : [...it.manager.services.all, ...it.manager.devices].find((object) => object.path === path);
  const def = shape.defs.get(name);
  return def?.persist?.save?.(of as never) ?? def?.get?.(of as never);
}
