import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { entry, FakeDaemon, orderEntry, type Values } from "./fake-daemon.ts";

/** A daemon with a radio and these networks beside its two cables. */
async function withRadio(t: TestContext, networks: Readonly<Record<string, Values>>): Promise<FakeDaemon> {
  const daemon = await FakeDaemon.start(t);
  daemon.add("/device/wlan0", "Device", {
    Interface: ["s", "wlan0"],
    Powered: ["b", true],
    Scanning: ["b", false],
    SelectedService: ["o", "/"],
    Type: ["s", "wifi"],
    IPConfigs: ["ao", []],
  });
  for (const [path, values] of Object.entries(networks)) {
    const common: Values = {
      Device: ["o", "/device/wlan0"],
      Error: ["s", "no-failure"],
      ErrorDetails: ["s", ""],
      PassphraseRequired: ["b", false],
      PreviousError: ["s", ""],
      PreviousErrorSerialNumber: ["i", 0],
      Profile: ["s", ""],
      SecurityClass: ["s", "psk"],
      State: ["s", "idle"],
      Type: ["s", "wifi"],
      Visible: ["b", true],
      "WiFi.BSSID": ["s", "02:00:00:00:01:01"],
      "WiFi.HexSSID": ["s", "486F6D65"],
      "WiFi.SignalStrengthRssi": ["i", -50],
      "WiFi.Frequency": ["q", 2412],
    };
    daemon.add(path, "Service", { ...common, ...values }, ["Passphrase"]);
  }
  const all = ["/service/0", "/service/1", ...Object.keys(networks)];
  daemon.at("/").set("ServiceCompleteList", all);
  daemon.at("/").set("Services", all);
  daemon.at("/").set("Devices", ["/device/eth0", "/device/eth1", "/device/wlan0"]);
  return daemon;
}
const home: Values = {
  Name: ["s", "Home"],
  PassphraseRequired: ["b", true],
  Security: ["s", "wpa2+wpa3"],
  Strength: ["y", 70],
};
const cafe: Values = {
  Name: ["s", "Cafe"],
  Profile: ["s", "/profile/default"],
  Security: ["s", "none"],
  SecurityClass: ["s", "none"],
  State: ["s", "ready"],
  Strength: ["y", 90],
};
const both = { "/service/2": home, "/service/3": cafe };

test("wifi list shows the networks in range, strongest first, and whether they are known", async (t) => {
  const daemon = await withRadio(t, { ...both, "/service/4": { ...home, Name: ["s", "Far"], Visible: ["b", false] } });
  const { out, code } = await daemon.run("wifi", "list");
  assert.equal(code, 0);
  assert.equal(
    out,
    `NETWORK  SIGNAL  SECURITY   KNOWN  STATE
Cafe       90 %  none       yes    ready
Home       70 %  wpa2+wpa3         idle
`,
  );
  const { networks } = (await daemon.json("wifi", "list")) as { networks: Record<string, unknown>[] };
  assert.deepEqual(networks[1], {
    ...{ path: "/service/2", name: "Home", ssid: "486F6D65", strength: 70, signalDbm: -50, security: "wpa2+wpa3" },
    ...{ securityClass: "psk", known: false, state: "idle", bssid: "02:00:00:00:01:01", frequencyMhz: 2412 },
  });
});

test("networks in range complete behind wifi connect", async (t) => {
  const daemon = await withRadio(t, { ...both, "/service/4": { ...home, Name: ["s", "Far"], Visible: ["b", false] } });
  assert.equal((await daemon.run("__complete", "--", "fairlead wifi connect ")).out, "Home\nCafe\n");
});

test("a network whose security is not supported is refused before a passphrase is asked for", async (t) => {
  const corp: Values = {
    ...home,
    Name: ["s", "Corp"],
    SecurityClass: ["s", "802_1x"],
    PassphraseRequired: ["b", false],
  };
  const old: Values = { ...home, Name: ["s", "Old"], SecurityClass: ["s", "wep"] };
  const daemon = await withRadio(t, { "/service/2": corp, "/service/3": old });
  const refused = async (...words: string[]) => {
    const { code, err } = await daemon.run("wifi", "connect", ...words);
    assert.equal(code, 1);
    return err;
  };
  assert.equal(await refused("Corp"), 'fairlead: "Corp" wants 802.1X, which is not supported\n');
  assert.equal(await refused("Old", "--ask"), 'fairlead: "Old" wants WEP, which is not supported\n');
  assert.deepEqual(daemon.calls, []);
});

test("without a radio, and without a network in range, wifi list says so", async (t) => {
  const none = await FakeDaemon.start(t);
  assert.equal((await none.run("wifi", "list")).out, "There is no radio.\n");
  assert.match((await none.run("scan")).err, /there is no radio/);
  for (const words of [["Home"], ["Home", "--hidden"], ["Home", "--hidden", "--ask"]]) {
    const { code, err } = await none.run("wifi", "connect", ...words);
    assert.deepEqual({ code, err }, { code: 1, err: "fairlead: there is no radio\n" });
  }
  assert.deepEqual(none.calls, []);
  const alone = await withRadio(t, {});
  assert.match((await alone.run("wifi", "list")).out, /No network is in range/);
});

test("a passphrase goes from standard input to the daemon, and is never an argument or an output", async (t) => {
  const daemon = await withRadio(t, both);
  const asked = await daemon.run("wifi", "connect", "Home");
  assert.deepEqual([asked.code, daemon.calls], [2, []]);
  assert.match(asked.err, /"Home" needs a passphrase[\s\S]*wifi connect Home --ask/);
  const { code, out, err } = await daemon.runWith({ input: "a long passphrase" }, "wifi", "connect", "Home", "--ask");
  assert.equal(code, 0, err);
  assert.doesNotMatch(out + err, /a long passphrase/);
  const [set, connect] = daemon.calls;
  assert.deepEqual([set?.path, set?.member, set?.args[0]], ["/service/2", "SetProperty", "Passphrase"]);
  assert.deepEqual(set?.args[1], { signature: "s", value: "a long passphrase" });
  assert.deepEqual([connect?.path, connect?.member], ["/service/2", "Connect"]);
});

test("an open network, and one whose passphrase is known, are joined at once", async (t) => {
  const daemon = await withRadio(t, {
    "/service/2": { ...home, PassphraseRequired: ["b", false] },
    "/service/3": cafe,
  });
  for (const name of ["Home", "Cafe"]) assert.equal((await daemon.run("wifi", "connect", name)).code, 0);
  assert.deepEqual(
    daemon.calls.map(({ member }) => member),
    ["Connect", "Connect"],
  );
});

test("a name that no network has, or several, is refused with what helps", async (t) => {
  const daemon = await withRadio(t, { ...both, "/service/4": { ...cafe, Name: ["s", "Home"] } });
  assert.match(
    (await daemon.run("wifi", "connect", "Office")).err,
    /no network "Office" is in range[\s\S]*fairlead scan/,
  );
  const { code, err } = await daemon.run("wifi", "connect", "Home");
  assert.equal(code, 2);
  assert.match(err, /several networks are called "Home"[\s\S]*^2 {2}psk\n4 {2}none/m);
  for (const words of [
    ["wifi", "connect"],
    ["wifi", "list", "Home"],
    ["wifi", "forget", "Home"],
  ]) {
    assert.equal((await daemon.run(...words)).code, 2, words.join(" "));
  }
});

test("scan waits until the radios have looked around", async (t) => {
  const daemon = await withRadio(t, both);
  const radio = daemon.at("/device/wlan0");
  daemon.answers.set("/ RequestScan", () => {
    radio.set("Scanning", true);
    return undefined;
  });
  const running = daemon.start(["scan"]);
  await daemon.clock.settle();
  assert.equal(running.out, "");
  radio.set("Scanning", false);
  assert.match((await running.ended).out, /^NETWORK[\s\S]*Cafe[\s\S]*Home/);
});

test("with the radio disabled nothing is waited for, and each verb says why", async (t) => {
  const daemon = await withRadio(t, both);
  daemon.at("/device/wlan0").set("Powered", false);
  for (const words of [["scan"], ["wifi", "connect", "Cafe"]]) {
    const { code, err } = await daemon.run(...words);
    assert.deepEqual({ code, err }, { code: 1, err: "fairlead: wlan0 is disabled\nEnable it: fairlead enable wifi\n" });
  }
  assert.deepEqual(daemon.calls, []);
  for (const path of Object.keys(both)) daemon.at(path).set("Visible", false);
  assert.equal((await daemon.run("wifi", "list")).out, "wlan0 is disabled. Enable it: fairlead enable wifi\n");
});

test("upper and lower case of a network's name count only where both exist", async (t) => {
  const daemon = await withRadio(t, both);
  assert.equal((await daemon.run("wifi", "connect", "cafe")).code, 0);
  assert.equal(daemon.calls[0]?.path, "/service/3");
  daemon.at("/service/2").set("Name", "cafe");
  daemon.at("/service/2").set("PassphraseRequired", false);
  assert.equal((await daemon.run("wifi", "connect", "cafe")).code, 0);
  assert.equal(daemon.calls[1]?.path, "/service/2");
});

test("a command to type has the network's name as the shell takes it", async (t) => {
  const daemon = await withRadio(t, { "/service/2": { ...home, Name: ["s", "Bob's  net"] } });
  assert.match((await daemon.run("wifi", "connect", "Bob's  net")).err, /wifi connect 'Bob'\\''s {2}net' --ask/);
});

/** Nothing is connected; Home is as the entry says. */
async function hintsWith(t: TestContext, entryOfHome: ReturnType<typeof orderEntry>): Promise<unknown> {
  const daemon = await withRadio(t, { "/service/2": home, "/service/3": { ...cafe, State: ["s", "idle"] } });
  daemon.at("/").set("DefaultService", "/");
  daemon.at("/service/0").set("State", "idle");
  daemon.at("/device/eth0").set("Ethernet.LinkUp", false);
  daemon.order = [entryOfHome];
  return (await daemon.json("status")).hints;
}
const idle = (refusal: string) => orderEntry("/service/2", "new", refusal, "", -1);

test("status names the network that waits for a person, and what to type", async (t) => {
  assert.deepEqual(await hintsWith(t, idle("auto-connect is off")), [
    "Networks are in range. Join one: fairlead wifi connect NETWORK",
  ]);
  assert.deepEqual(await hintsWith(t, idle("explicitly disconnected")), [
    "Home was disconnected and waits for you: fairlead connect Home",
  ]);
  const refused = entry({ LastFailure: ["s", "bad-passphrase: the access point did not accept the passphrase"] });
  assert.deepEqual(await hintsWith(t, new Map([...idle("auto-connect is off"), ...refused])), [
    "Home refused the passphrase. Type it again: fairlead wifi connect Home --ask",
  ]);
});

test("a network that was disconnected is no hint while the radio has another, or while it is out of range", async (t) => {
  const daemon = await withRadio(t, both);
  daemon.order = [idle("explicitly disconnected")];
  const hints = async () => (await daemon.json("status")).hints;
  assert.deepEqual(await hints(), ["Home was disconnected and waits for you: fairlead connect Home"]);
  daemon.at("/device/wlan0").set("SelectedService", "/service/3");
  assert.deepEqual(await hints(), []);
  daemon.at("/device/wlan0").set("SelectedService", "/");
  daemon.at("/service/2").set("Visible", false);
  assert.deepEqual(await hints(), []);
});

test("why says of a network that no Profile has that it is not known, and the missing part", async (t) => {
  const daemon = await withRadio(t, both);
  daemon.order = [new Map([...idle("auto-connect is off"), ...entry({ Lacking: ["s", "it needs a passphrase"] })])];
  const told = /It does not connect by itself: it is not a known network, and it needs a passphrase\.$/m;
  assert.match((await daemon.run("why", "Home")).out, told);
  daemon.at("/service/2").set("Profile", "/profile/default");
  assert.match((await daemon.run("why", "Home")).out, /It does not connect by itself: its AutoConnect is off\.$/m);
});
