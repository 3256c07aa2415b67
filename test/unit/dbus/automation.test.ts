import assert from "node:assert/strict";
import { test } from "node:test";
import type { WireVariant } from "../../../src/base/property.ts";
import { onBus, shillError, variant } from "./machine-on-bus.ts";

const own = (kind: string) => `org.fairlead.${kind}1`;
const home = new Map([
  ["ActivationMode", variant("s", "conditional-any")],
  ["Conditions", variant("as", ["ip-address   is-in-range 192.0.2.0/24"])],
  ["NameServers", variant("as", ["203.0.113.53"])],
]);

async function scene(t: Parameters<typeof onBus>[0], options: Parameters<typeof onBus>[1] = {}) {
  const what = await onBus(t, options);
  what.it.kernel.plug("eth0");
  const quiet = () => what.it.clock.advanceSettled(250);
  await quiet();
  const get = async (path: string, kind: string, name: string) => {
    const [value] = await what.call(path, "Get", "ss", [own(kind), name], "org.freedesktop.DBus.Properties");
    return (value as WireVariant).value;
  };
  const set = (path: string, kind: string, name: string, value: WireVariant) =>
    what.call(path, "Set", "ssv", [own(kind), name, value], "org.freedesktop.DBus.Properties");
  const create = async (name: string, settings: ReadonlyMap<string, WireVariant> = home) => {
    const [path] = await what.call("/", "CreateLocation", "sa{sv}", [name, settings], own("Automation"));
    await quiet();
    return path as string;
  };
  return { ...what, get, set, create, quiet };
}

test("a Location is made, shown, changed, enabled and destroyed", async (t) => {
  const { it, call, get, set, create, quiet } = await scene(t);
  assert.deepEqual(await get("/", "Automation", "Locations"), ["/location/NoNet", "/location/Automatic"]);
  assert.equal(await create("home"), "/location/home");
  assert.equal(await get("/", "Automation", "ActiveLocation"), "/location/home");
  assert.deepEqual(await get("/location/home", "Location", "Conditions"), ["ip-address is-in-range 192.0.2.0/24"]);
  assert.deepEqual(
    [await get("/location/home", "Location", "State"), await get("/location/home", "Location", "Aux")],
    ["online", "active"],
  );
  assert.deepEqual(it.nameServers, ["203.0.113.53"]);
  await set("/location/home", "Location", "NameServers", variant("as", ["203.0.113.54"]));
  assert.deepEqual(it.nameServers, ["203.0.113.54"]);
  await call("/location/NoNet", "Enable", "", [], own("Location"));
  assert.deepEqual(it.nameServers, []);
  await call("/location/NoNet", "Disable", "", [], own("Location"));
  await call("/location/home", "Destroy", "", [], own("Location"));
  await quiet();
  assert.equal(await get("/", "Automation", "ActiveLocation"), "/location/Automatic");
  await assert.rejects(get("/location/home", "Location", "State"), /no object at/);
});

test("a faulty setting is refused by name, and built-in ones stay", async (t) => {
  const { call, set, create } = await scene(t);
  const refused = (name: string) => ({ busName: shillError(name) });
  await create("home");
  await assert.rejects(create("home"), refused("AlreadyExists"));
  await assert.rejects(create("x y"), refused("InvalidArguments"));
  await assert.rejects(create("x", new Map([["Nonsense", variant("s", "")]])), refused("InvalidProperty"));
  await assert.rejects(create("x", new Map([["NameServers", variant("s", "")]])), refused("InvalidArguments"));
  await assert.rejects(create("x", new Map([["Profile", variant("o", "/profile/none")]])), refused("InvalidArguments"));
  await assert.rejects(call("/location/NoNet", "Destroy", "", [], own("Location")), refused("PermissionDenied"));
  const servers = variant("as", ["203.0.113.1"]);
  await assert.rejects(set("/location/NoNet", "Location", "NameServers", servers), refused("PermissionDenied"));
  await assert.rejects(set("/location/home", "Location", "Conditions", variant("as", [])), refused("InvalidArguments"));
});

test("a caller without the right to the machine's settings makes no Location there, no Modifier, and no policy", async (t) => {
  const { call, create, get } = await scene(t, { uid: 1000 });
  const refused = { busName: shillError("PermissionDenied") };
  await assert.rejects(create("home"), refused);
  const start = new Map([["Start", variant("s", "/bin/true")]]);
  await assert.rejects(call("/", "CreateModifier", "sa{sv}", ["vpn", start], own("Automation")), refused);
  await assert.rejects(call("/policy/Automatic", "Activate", "", [], own("Policy")), refused);
  await assert.rejects(call("/location/NoNet", "Enable", "", [], own("Location")), refused);
  assert.deepEqual(await get("/", "Automation", "Locations"), ["/location/NoNet", "/location/Automatic"]);
});

test("a user's Location that an administrator makes counts at once, and again at the next login", async (t) => {
  const { it, create, get, quiet } = await scene(t);
  it.profiles.create("~alice/work");
  it.profiles.push("~alice/work");
  await quiet();
  await create("cafe");
  assert.equal(await get("/location/cafe", "Location", "Profile"), "/profile/alice/work");
  assert.equal(await get("/", "Automation", "ActiveLocation"), "/location/cafe");
  it.profiles.popAllUsers();
  await quiet();
  assert.equal(await get("/", "Automation", "ActiveLocation"), "/location/Automatic");
  it.profiles.push("~alice/work");
  await quiet();
  assert.equal(await get("/", "Automation", "ActiveLocation"), "/location/cafe");
});

test("a user who makes one without that right keeps it, held back, and the machine's stays in force", async (t) => {
  const { it, create, get, call, quiet } = await scene(t, { uid: 1000 });
  it.profiles.create("~alice/work");
  it.profiles.push("~alice/work").ownerUid = 1000;
  await quiet();
  it.profiles.profileForNew();
  const profile = it.profiles.byPath("/profile/alice/work");
  if (profile) profile.ownerUid = 1000;
  await create("cafe");
  assert.match(String(await get("/location/cafe", "Location", "HeldBack")), /no administrator agreed/);
  await assert.rejects(call("/location/cafe", "Enable", "", [], own("Location")), {
    busName: shillError("WrongState"),
  });
  assert.equal(await get("/", "Automation", "ActiveLocation"), "/location/Automatic");
});

test("conditions are put in their normal form, evaluated with what they stand on, and refused with the column", async (t) => {
  const { call } = await scene(t);
  const ask = (member: string, text: string) => call("/", member, "s", [text], own("Conditions"));
  assert.deepEqual(await ask("Validate", "  ncu  eth0 is-not active"), ["link eth0 is-not active"]);
  assert.deepEqual(await ask("Evaluate", "link eth0 is active"), [true, "link eth0 is active"]);
  assert.deepEqual(await ask("Evaluate", "link eth9 is-not active"), [false, "there is no link eth9"]);
  await assert.rejects(ask("Validate", "essid like x"), {
    busName: shillError("InvalidArguments"),
    message: /column 7/,
  });
});

test("policies are shown with the one in force, and putting another in force is told", async (t) => {
  const { call, get } = await scene(t);
  assert.deepEqual(await get("/", "Automation", "Policies"), ["/policy/All", "/policy/Automatic"]);
  await call("/policy/Automatic", "Activate", "", [], own("Policy"));
  assert.deepEqual(
    [await get("/policy/All", "Policy", "Active"), await get("/policy/Automatic", "Policy", "Active")],
    [false, true],
  );
  assert.equal(await get("/policy/Automatic", "Policy", "CurrentGroup"), 0);
});
