import assert from "node:assert/strict";
import { test } from "node:test";
import { entry, FakeDaemon, linkEntry } from "./fake-daemon.ts";

test("services are listed in their order; those out of reach only when asked for", async (t) => {
  const daemon = await FakeDaemon.start(t);
  daemon.at("/service/1").set("Visible", false);
  const { out } = await daemon.run("services");
  assert.match(out, /^ 0 {2}Ethernet {2}ethernet {2}eth0 {2}online {2}validation is disabled$/m);
  assert.doesNotMatch(out, /eth1/);
  assert.match(out, /^1 more out of reach: fairlead services --all$/m);
  assert.match((await daemon.run("services", "--all")).out, /eth1/);
  daemon.at("/").set("ServiceCompleteList", ["/service/1", "/service/0"]);
  const { services } = (await daemon.json("services", "--all")) as { services: { path: string }[] };
  assert.deepEqual(
    services.map(({ path }) => path),
    ["/service/1", "/service/0"],
  );
});

test("devices --all also lists the links that are left alone, each with the reason", async (t) => {
  const daemon = await FakeDaemon.start(t);
  daemon.at("/device/eth1").why = entry({ LeftAlone: ["s", "a bridge that somebody else made"] });
  daemon.links = [...daemon.links, linkEntry("eth1", 3, "ethernet", "kind veth", "/device/eth1")];
  assert.doesNotMatch((await daemon.run("devices")).out, /docker0/);
  const { out } = await daemon.run("devices", "--all");
  assert.match(out, /^docker0 +unknown +no +name docker0$/m);
  assert.match(out, /^eth1 +ethernet +no +a bridge that somebody else made$/m);
  assert.doesNotMatch(out, /^lo /m);
  const { linksLeftAlone } = await daemon.json("devices", "--all");
  assert.deepEqual(linksLeftAlone, [
    { link: "docker0", index: 5, technology: "unknown", carrier: false, because: "name docker0" },
    { link: "eth1", index: 3, technology: "ethernet", carrier: false, because: "a bridge that somebody else made" },
  ]);
});

test("profiles are listed from the top of the stack, with the one in use marked", async (t) => {
  const daemon = await FakeDaemon.start(t);
  assert.equal(
    (await daemon.run("profiles")).out,
    `PROFILE    USE     ENTRIES  PATH
~ada/home                0  /profile/ada/home
default    active        1  /profile/default
`,
  );
  assert.deepEqual((await daemon.json("profiles")).profiles, [
    { name: "~ada/home", path: "/profile/ada/home", active: false, entries: [] },
    { name: "default", path: "/profile/default", active: true, entries: ["ethernet_any"] },
  ]);
});

test("a user's stored settings that are not in force are told with the reason, by profiles and by why", async (t) => {
  const daemon = await FakeDaemon.start(t);
  const because = "the machine keeps it, and no administrator agreed to another Priority";
  daemon.at("/profile/ada/home").keptBack = new Map([["ethernet_any", because]]);
  const sentence = `~ada/home [ethernet_any] is stored and not in force: ${because}.`;
  assert.ok((await daemon.run("profiles")).out.includes(sentence));
  const [ada, machine] = (await daemon.json("profiles")).profiles as Record<string, unknown>[];
  assert.deepEqual([ada?.keptBack, machine?.keptBack], [{ ethernet_any: because }, undefined]);
  daemon.at("/service/0").why = new Map([
    ["KeptBack", { signature: "a{ss}", value: new Map([["/profile/ada/home", because]]) }],
    ["Terms", { signature: "s", value: "/profile/default" }],
  ]);
  const { out } = await daemon.run("why", "/service/0");
  assert.match(out, /What the Profile ~ada\/home has stored for it is not in force: the machine keeps it/);
  assert.match(out, /Addresses, order and credentials are those of the Profile default:/);
});

test("dump prints the daemon's JSON, indented for people, on one line for --json", async (t) => {
  const daemon = await FakeDaemon.start(t);
  daemon.dump = JSON.stringify({ links: [{ name: "\u009beth0" }] });
  assert.equal((await daemon.run("dump")).out, '{\n  "links": [\n    {\n      "name": "\\u009beth0"\n    }\n  ]\n}\n');
  assert.equal((await daemon.run("dump", "--json")).out, '{"links":[{"name":"\\u009beth0"}]}\n');
  daemon.dump = "{";
  const { code, err } = await daemon.run("dump");
  assert.equal(code, 1);
  assert.match(err, /the daemon's dump is not JSON/);
});

test("an object that vanished between two answers is left out, not a fault", async (t) => {
  const daemon = await FakeDaemon.start(t);
  daemon.at("/").set("ServiceCompleteList", ["/service/0", "/service/77"]);
  daemon.at("/").set("Devices", ["/device/eth0", "/device/gone"]);
  daemon.at("/").set("Profiles", ["/profile/gone"]);
  for (const verb of ["status", "services", "devices", "profiles", "why"]) {
    const { code, err } = await daemon.run(verb);
    assert.equal(code, 0, err);
  }
});

test("properties of another type than ours read as absent", async (t) => {
  const daemon = await FakeDaemon.start(t);
  daemon.at("/").remove();
  daemon.add("/", "Manager", {
    Devices: ["s", "/device/eth0"],
    ServiceCompleteList: ["u", 7],
    ConnectionState: ["b", true],
  });
  for (const verb of ["status", "services", "devices", "profiles"]) assert.equal((await daemon.run(verb)).code, 0);
});

test("profile, vpn and wifi without an action list", async (t) => {
  const daemon = await FakeDaemon.start(t);
  for (const verb of ["profile", "vpn", "wifi"]) {
    const { code, out } = await daemon.run(verb);
    assert.deepEqual({ code, out }, { code: 0, out: (await daemon.run(verb, "list")).out }, verb);
    assert.notEqual(out, "", verb);
  }
});
