import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { storeLimits } from "../../../src/profiles/store-limits.ts";
import { onBus, shillError } from "./machine-on-bus.ts";

const own = "org.fairlead.Profile1";
const home = "/profile/default";

test("a Profile that is exported, changed and imported is in force at once, as a whole", async (t) => {
  const { it, call } = await onBus(t);
  it.service("eth0").setProperty("Priority", 3);
  const [text] = (await call(home, "Export", "", [], own)) as [string];
  assert.match(text, /^\[ethernet_020000000001\]$/m);
  assert.match(text, /^Priority = 3$/m);
  const changed = `${text.replace("Priority = 3", "Priority = 9")}\n[global]\nDHCPProperty.Hostname = "harbour"\n`;
  const [entries] = await call(home, "Import", "s", [changed], own);
  assert.equal(entries, 3);
  assert.deepEqual([it.service("eth0").priority, it.manager.settings.values.dhcpHostname], [9, "harbour"]);
  assert.match(String(await call(home, "Export", "", [], own)), /^DHCPProperty\.Hostname = "harbour"$/m);
});

test("one wrong line, and nothing is imported", async (t) => {
  const { it, call } = await onBus(t);
  const before = await call(home, "Export", "", [], own);
  for (const [line, complaint] of [
    ['Priority = "high"', /^line 5: Priority has a value of the wrong type \(it is i\)$/],
    ["Nonsense = 1", /^line 5: ethernet_any has no setting Nonsense$/],
    ["Priority", /^line 5: neither/],
  ] as const) {
    const text = `[global]\nArpGateway = false\n[ethernet_any]\nGUID = "7"\n${line}\n`;
    await assert.rejects(call(home, "Import", "s", [text], own), {
      busName: shillError("InvalidArguments"),
      message: complaint,
    });
  }
  assert.deepEqual(await call(home, "Export", "", [], own), before);
  assert.equal(it.service("eth0").guid, "");
});

test("a secret that was kept back stays when the text comes back", async (t) => {
  const { it, call } = await onBus(t);
  const store = it.profiles.profiles[0]?.store;
  store?.write(
    "wifi_home",
    new Map([
      ["Type", '"wifi"'],
      ["WiFi.Passphrase", '"hush hush"'],
    ]),
  );
  const [text] = (await call(home, "Export", "", [], own)) as [string];
  assert.doesNotMatch(text, /hush/);
  await call(home, "Import", "s", [text], own);
  assert.equal(store?.read("wifi_home")?.get("WiFi.Passphrase"), '"hush hush"');
  assert.match(String(await call(home, "ExportWithSecrets", "", [], own)), /hush hush/);
});

test("another user may neither read a Profile of the machine as text nor write it", async (t) => {
  const { call } = await onBus(t, { uid: 1000 });
  for (const [member, ...args] of [["Export"], ["ExportWithSecrets"], ["Import", ""]] as const) {
    await assert.rejects(call(home, member, "s".repeat(args.length), args, own), {
      busName: shillError("PermissionDenied"),
    });
  }
});

test("every example can be imported", async (t) => {
  const { call } = await onBus(t);
  const folder = new URL("../../../profiles/examples/", import.meta.url);
  for (const name of readdirSync(folder)) {
    await call(home, "Import", "s", [readFileSync(new URL(name, folder), "utf8")], own);
  }
});

const user = "/profile/uid1501/work";
/** A user's own Profile on the stack, and the user as the client. */
async function asUser(t: Parameters<typeof onBus>[0]) {
  const world = await onBus(t, { uid: 1501 });
  world.it.profiles.create("~uid1501/work");
  world.it.profiles.push("~uid1501/work");
  await world.it.clock.settle();
  return world;
}

test("a text larger than a user's Profile may be is refused before it is read", async (t) => {
  const { call } = await asUser(t);
  const text = `[\n${"#".repeat(storeLimits.userFileBytes)}`;
  await assert.rejects(call(user, "Import", "s", [text], own), {
    busName: shillError("InvalidArguments"),
    message: /^the text has \d+ characters; 4194304 are allowed for ~uid1501\/work$/,
  });
});

test("of many Exports and Imports of one user a few wait for one another, and the rest is told to come later", async (t) => {
  const { call } = await asUser(t);
  const long = `[wifi_a]\nName = "${"n".repeat(200_000)}"\n[wifi_b]\nName = "b"\n`;
  const answers = await Promise.allSettled(Array.from({ length: 12 }, () => call(user, "Import", "s", [long], own)));
  const refused = answers.flatMap((answer) => (answer.status === "rejected" ? [answer.reason] : []));
  assert.equal(refused.length, 3);
  for (const { busName } of refused) assert.equal(busName, shillError("InProgress"));
  await call(user, "Export", "", [], own);
});

test("other calls are answered while a long Import is read, and a Profile that leaves meanwhile takes nothing", async (t) => {
  const { it, call } = await asUser(t);
  const long = Array.from({ length: 3_000 }, (_, at) => `[wifi_${at}]\nName = "${"n".repeat(200)}"`).join("\n");
  const imported = assert.rejects(call(user, "Import", "s", [long], own), {
    busName: shillError("NotFound"),
    message: "~uid1501/work left the stack meanwhile",
  });
  await call("/", "GetProperties");
  it.profiles.pop("~uid1501/work");
  await imported;
  assert.deepEqual(it.profiles.push("~uid1501/work").store.entries(), []);
});
