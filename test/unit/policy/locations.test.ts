import assert from "node:assert/strict";
import { test } from "node:test";
import { consent } from "../../../src/profiles/consents.ts";
import type { FakeProgramRun } from "../../fakes/fake-processes.ts";
import { quiet, scene, states } from "./place-on-machine.ts";

const nft = "/usr/sbin/nft";
const inRange = ["ip-address is-in-range 192.0.2.0/24"];
const home = { ActivationMode: "conditional-any", Conditions: inRange, NameServers: ["203.0.113.53"] };

test("ten events within 50 ms make one check, 100 to 200 ms after the last", async (t) => {
  const { it, automation } = await scene(t);
  const before = automation.checks;
  for (let event = 0; event < 10; event++) {
    automation.askForCheck();
    await it.clock.advanceSettled(5);
  }
  await it.clock.advanceSettled(90);
  assert.equal(automation.checks, before);
  await it.clock.advanceSettled(100);
  assert.equal(automation.checks, before + 1);
});

test("a check looks at Modifiers, then Locations, then the priority group", async (t) => {
  const { automation } = await scene(t);
  const order: string[] = [];
  for (const part of ["modifiers", "locations", "policies"] as const) {
    automation[part].check = () => void order.push(part);
  }
  automation.check();
  assert.deepEqual(order, ["modifiers", "locations", "policies"]);
});

test("without a connection there is NoNet, with one Automatic and the network's own name servers", async (t) => {
  const { it, active, locations } = await scene(t, []);
  assert.equal(active(), "NoNet");
  assert.deepEqual(it.nameServers, []);
  it.kernel.plug("eth0");
  await quiet(it);
  assert.equal(active(), "Automatic");
  assert.deepEqual(states(locations.all), ["NoNet offline/conditions-not-met", "Automatic online/active"]);
  assert.ok(it.nameServers.length > 0);
});

test("a network that comes is used with its own name servers at once, and with those of a Location that was enabled by hand", async (t) => {
  const { it, active, locations, createLocation } = await scene(t, []);
  it.kernel.plug("eth0");
  await it.settle();
  assert.ok(it.nameServers.length > 0, "no name server waits for the quiet window");
  await quiet(it);
  locations.enable(await createLocation("work", { NameServers: ["203.0.113.54"] }));
  it.kernel.unplug("eth0");
  await quiet(it);
  assert.deepEqual([active(), it.nameServers], ["NoNet", []]);
  it.kernel.plug("eth0");
  await it.settle();
  assert.deepEqual(it.nameServers, ["203.0.113.54"]);
});

test("a Location by address range sets name servers and search domains, and leaving it brings the network's back", async (t) => {
  const { it, active, createLocation } = await scene(t);
  const own = it.nameServers;
  await createLocation("home", { ...home, SearchDomains: ["corp.example"] });
  assert.equal(active(), "home");
  assert.deepEqual([it.nameServers, it.searchDomains], [["203.0.113.53"], ["corp.example"]]);
  it.kernel.unplug("eth0");
  await quiet(it);
  assert.deepEqual([active(), it.nameServers, it.searchDomains], ["NoNet", [], []]);
  it.kernel.plug("eth0");
  await quiet(it);
  assert.equal(active(), "home");
  it.manager.automation.locations.find("home")?.setProperty("Conditions", ["ip-address is 203.0.113.1"]);
  assert.deepEqual([active(), it.nameServers], ["Automatic", own]);
});

test("a manual one that is enabled wins, and when it is disabled the conditions decide anew", async (t) => {
  const { active, locations, createLocation } = await scene(t);
  await createLocation("home", home);
  const work = await createLocation("work", { NameServers: ["203.0.113.54"] });
  assert.deepEqual(states([work]), ["work disabled/manual-disable"]);
  locations.enable(work);
  assert.equal(active(), "work");
  assert.match(locations.choice?.runnerUp?.name ?? "", /home/);
  assert.deepEqual(states(locations.all.slice(2)), ["home offline/conditions-not-met", "work online/active"]);
  locations.disable(work);
  assert.equal(active(), "home");
  assert.deepEqual(states(locations.all.slice(2)), ["home online/active", "work disabled/manual-disable"]);
});

test("one that is enabled by hand stays so over cable out and in, and over a restart", async (t) => {
  const { it, active, locations, createLocation } = await scene(t);
  locations.enable(await createLocation("work", { NameServers: ["203.0.113.54"] }));
  it.kernel.unplug("eth0");
  await quiet(it);
  assert.equal(active(), "NoNet");
  it.kernel.plug("eth0");
  await quiet(it);
  assert.equal(active(), "work");
  const later = await scene(t, ["eth0"], { storage: it.storage });
  assert.equal(later.active(), "work");
});

test("enabling one disables the other of its Profile that was enabled before", async (t) => {
  const { locations, createLocation, active } = await scene(t);
  const [work, lab] = [await createLocation("work", {}), await createLocation("lab", {})];
  locations.enable(work);
  locations.enable(lab);
  assert.deepEqual([active(), work.isEnabled, lab.isEnabled], ["lab", false, true]);
});

test("an event that leaves the choice as it is writes nothing and tells nothing", async (t) => {
  const { it, createLocation, automation } = await scene(t);
  const location = await createLocation("home", home);
  const told: string[] = [];
  location.properties.listen((name) => void told.push(name));
  const entries = it.manager.feed.history.newest().length;
  for (let event = 0; event < 3; event++) {
    automation.askForCheck();
    await quiet(it);
  }
  assert.deepEqual(told, []);
  assert.equal(it.manager.feed.history.newest().length, entries);
});

test("conditions that are no conditions are refused with number and column, and nothing is stored", async (t) => {
  const { locations, bottom, createLocation } = await scene(t);
  const bad = { ...home, Conditions: [...inRange, "ip-address is-in-range 192.0.2.0/99"] };
  await assert.rejects(createLocation("bad", bad), /condition 2: column 24: /);
  await assert.rejects(createLocation("none", { ActivationMode: "conditional-all" }), /needs conditions/);
  await assert.rejects(createLocation("self", { ...home, Conditions: ["location x is active"] }), /cannot depend/);
  await assert.rejects(createLocation("a/b", home), /is no name/);
  await assert.rejects(
    createLocation("dns", { NameServers: ["nonsense"] }),
    /NameServers: "nonsense" is no IP address/,
  );
  await assert.rejects(createLocation("NoNet", home), /there is a Location NoNet/);
  assert.deepEqual(
    [locations.all.length, bottom.store.entries().filter((entry) => entry.startsWith("location_"))],
    [2, []],
  );
});

test("of a damaged store's conditions the whole list is false, and the Location says so", async (t) => {
  const { it, bottom, locations, active } = await scene(t);
  const rows = { ActivationMode: "conditional-any", Conditions: [...inRange, "nonsense"] };
  bottom.store.write(
    "location_odd",
    new Map(Object.entries(rows).map(([name, value]) => [name, JSON.stringify(value)])),
  );
  it.manager.automation.reload();
  await quiet(it);
  assert.equal(active(), "Automatic");
  assert.match(locations.find("odd")?.conditionFault ?? "", /condition 2: column 1/);
});

test("a user's Location comes with the login and goes with the logout, and counts once an administrator agreed", async (t) => {
  const { it, active, locations, createLocation } = await scene(t);
  it.profiles.create("~alice/work");
  const login = async () => {
    const profile = it.profiles.push("~alice/work");
    await quiet(it);
    return profile;
  };
  const profile = await login();
  const own = it.nameServers;
  const location = await createLocation("cafe", home, profile);
  assert.deepEqual([active(), it.nameServers], ["Automatic", own]);
  assert.equal(location.heldBackBecause, "it is in ~alice/work, and no administrator agreed");
  assert.throws(() => locations.enable(location), /no administrator agreed/);
  await assert.rejects(createLocation("fw", { FilterFile: "/etc/x.nft" }, profile), /Profiles of the machine/);
  consent(it.profiles, profile, location.entry);
  it.manager.automation.reload();
  await quiet(it);
  assert.equal(active(), "cafe");
  it.profiles.popAllUsers();
  await quiet(it);
  assert.deepEqual([active(), it.nameServers, locations.find("cafe")], ["Automatic", own, undefined]);
  await login();
  assert.equal(active(), "cafe");
});

test("of a user's Locations, too, one at a time is enabled, and names differ by more than case", async (t) => {
  const { it, locations, createLocation, active, bottom } = await scene(t);
  it.profiles.create("~alice/work");
  const profile = it.profiles.push("~alice/work");
  for (const name of ["cafe", "hotel"]) {
    consent(it.profiles, profile, `location_${name}`);
    await createLocation(name, {}, profile);
    const location = locations.find(name);
    if (location) locations.enable(location);
  }
  assert.deepEqual([active(), locations.find("cafe")?.isEnabled], ["hotel", false]);
  await assert.rejects(createLocation("Hotel", {}), /there is a Location Hotel/);
  for (const name of ["HOTEL", "automatic"]) bottom.store.write(`location_${name}`, new Map());
  it.manager.automation.reload();
  await quiet(it);
  assert.deepEqual(
    locations.all.map(({ name }) => name),
    ["NoNet", "Automatic", "cafe", "hotel"],
  );
});

test("imported Locations are in force when the burst is over, and deleted ones are gone", async (t) => {
  const { it, bottom, active } = await scene(t);
  const text = `[location_home]\nActivationMode = "conditional-any"\nConditions = ${JSON.stringify(inRange)}\n`;
  await it.manager.profileEntries.import(bottom, text);
  await quiet(it);
  assert.equal(active(), "home");
  await assert.rejects(it.manager.profileEntries.import(bottom, "[location_x]\nColour = 1\n"), /no setting Colour/);
  it.manager.profileEntries.delete(bottom, "location_home");
  await quiet(it);
  assert.equal(active(), "Automatic");
});

const filterFile = "/etc/fairlead/work.nft";
const filtered = { ActivationMode: "conditional-any", Conditions: inRange, FilterFile: filterFile };

test("a Location's packet filter is loaded into a table of ours before its name servers, and taken away on leaving", async (t) => {
  const { it, active, createLocation, locations } = await scene(t);
  const runs: FakeProgramRun[] = [];
  it.processes.install(nft, (run) => void runs.push(run));
  it.trustedFiles.set(filterFile, "chain input { type filter hook input priority 0; }");
  const work = await createLocation("work", { ...filtered, NameServers: ["203.0.113.53"] });
  assert.deepEqual(states([work]), ["work offline*/method-running"]);
  assert.match(
    runs[0]?.input ?? "",
    /delete table inet fairlead_location\ntable inet fairlead_location \{\nchain input/,
  );
  assert.notDeepEqual(it.nameServers, ["203.0.113.53"]);
  runs[0]?.exit(0);
  await quiet(it);
  assert.deepEqual([states([work]), it.nameServers], [["work online/active"], ["203.0.113.53"]]);
  it.kernel.unplug("eth0");
  await quiet(it);
  assert.equal(runs[1]?.input, "add table inet fairlead_location\ndelete table inet fairlead_location\n");
  runs[1]?.exit(0);
  await quiet(it);
  assert.equal(active(), "NoNet");
  assert.deepEqual(states([work]), ["work offline/conditions-not-met"]);
  assert.equal(locations.active?.state, "online");
});

test("a daemon without the right to filter says so as maintenance, holds NoNet, and tries again later", async (t) => {
  const { it, active, createLocation } = await scene(t);
  let isAllowed = false;
  it.processes.install(nft, (run) => {
    if (!isAllowed) run.print("/dev/stdin:1:1-3: Error: Operation not permitted\nadd table\n^^^\n", "stderr");
    run.exit(isAllowed ? 0 : 1);
  });
  it.trustedFiles.set(filterFile, "chain x { }");
  const work = await createLocation("work", filtered);
  assert.deepEqual([states([work]), active()], [["work maintenance/method-failed"], "NoNet"]);
  assert.match(work.because, /nft ended with 1: .*Operation not permitted/);
  assert.deepEqual(it.nameServers, []);
  isAllowed = true;
  await it.clock.advanceSettled(121_000);
  assert.deepEqual([states([work]), active()], [["work online/active"], "work"]);
});

test("a filter that others could have written, or that ends our table, is not loaded", async (t) => {
  const { it, createLocation, locations } = await scene(t);
  let runs = 0;
  it.processes.install(nft, (run) => {
    runs++;
    run.exit(0);
  });
  const work = await createLocation("work", filtered);
  assert.match(work.because, /belongs to user 1000, not to root/);
  it.trustedFiles.set(filterFile, "chain x { }\n}\nflush ruleset\ntable inet y {");
  locations.enable(work);
  await quiet(it);
  assert.match(work.because, /work\.nft: line 2: this brace ends the table/);
  assert.equal(work.state, "maintenance");
  assert.ok(runs <= 1, "only the clearing of the table may run");
});

test("settings that change while it is active are applied anew", async (t) => {
  const { it, createLocation } = await scene(t);
  const location = await createLocation("home", home);
  const told: string[] = [];
  location.properties.listen((name, _signature, value) => void (name === "State" && told.push(String(value))));
  location.setProperty("NameServers", ["203.0.113.99"]);
  assert.deepEqual(it.nameServers, ["203.0.113.99"]);
  assert.equal(told.at(-1), "online");
});

test("a time of day is met at its minute, without an event", async (t) => {
  const { it, active, createLocation } = await scene(t);
  const now = new Date(it.clock.wallTime());
  const at = (minutes: number) => {
    const time = new Date(now.getTime() + minutes * 60_000);
    return [time.getHours(), time.getMinutes()].map((part) => String(part).padStart(2, "0")).join(":");
  };
  await createLocation("evening", { ...home, Conditions: [`time is-in-range ${at(1)}-${at(60)}`] });
  assert.equal(active(), "Automatic");
  await it.clock.advanceSettled(60_000 + 250);
  assert.equal(active(), "evening");
});
