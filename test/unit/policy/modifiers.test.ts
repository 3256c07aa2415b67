import assert from "node:assert/strict";
import { test } from "node:test";
import type { FakeProgramRun } from "../../fakes/fake-processes.ts";
import { quiet, scene, states } from "./place-on-machine.ts";

const commands = { Start: "/opt/vpn up --fast", Stop: "/opt/vpn down" };
const conditional = {
  ...commands,
  ActivationMode: "conditional-any",
  Conditions: ["ip-address is-in-range 192.0.2.0/24"],
};

async function withProgram(t: Parameters<typeof scene>[0], plugged?: readonly string[]) {
  const what = await scene(t, plugged);
  const runs: FakeProgramRun[] = [];
  what.it.processes.install("/opt/vpn", (run) => void runs.push(run));
  const end = async (code: number, line = "") => {
    if (line !== "") runs.at(-1)?.print(`${line}\n`);
    runs.at(-1)?.exit(code);
    await quiet(what.it);
  };
  const enable = async (isEnabled = true) => {
    const [modifier] = what.modifiers.all;
    if (modifier) what.modifiers.switchTo(modifier, isEnabled);
    await quiet(what.it);
  };
  return { ...what, runs, end, enable };
}

test("a manual one that is enabled runs its start, and is online when that ends with 0", async (t) => {
  const { createModifier, enable, runs, end, modifiers } = await withProgram(t);
  const vpn = await createModifier("vpn", commands);
  assert.deepEqual([states([vpn]), runs.length], [["vpn disabled/manual-disable"], 0]);
  await enable();
  assert.deepEqual(states([vpn]), ["vpn offline*/method-running"]);
  assert.deepEqual(runs[0]?.argv, ["/opt/vpn", "up", "--fast"]);
  assert.equal(runs[0]?.environment.FAIRLEAD_MODIFIER, "vpn");
  await end(0, "tunnel is up");
  assert.deepEqual(states([vpn]), ["vpn online/active"]);
  assert.deepEqual([vpn.lastExit, vpn.lastOutput], [0, "tunnel is up"]);
  await enable(false);
  assert.deepEqual([states([vpn]), runs[1]?.argv], [["vpn online*/method-running"], ["/opt/vpn", "down"]]);
  await end(0);
  assert.deepEqual(states(modifiers.all), ["vpn disabled/manual-disable"]);
});

test("a start that fails is maintenance with exit code and last line, is not tried again by itself, and enabling tries anew", async (t) => {
  const { it, createModifier, enable, runs, end } = await withProgram(t);
  const vpn = await createModifier("vpn", commands);
  await enable();
  await end(3, "no route to the gateway");
  assert.deepEqual([states([vpn]), vpn.lastExit], [["vpn maintenance/method-failed"], 3]);
  assert.equal(vpn.because, "start: exit code 3: no route to the gateway");
  await it.clock.advanceSettled(600_000);
  assert.equal(runs.length, 1);
  await enable(false);
  await enable();
  await end(0);
  assert.deepEqual(states([vpn]), ["vpn online/active"]);
});

test("nothing posted from elsewhere takes one out of maintenance", async (t) => {
  const { createModifier, enable, end } = await withProgram(t);
  const vpn = await createModifier("vpn", commands);
  await enable();
  await end(1);
  assert.equal(vpn.advance("configured", "late news"), false);
  assert.equal(vpn.state, "maintenance");
});

test("the same state posted twice is told once", async (t) => {
  const { createModifier, enable } = await withProgram(t);
  const vpn = await createModifier("vpn", commands);
  const told: string[] = [];
  vpn.properties.listen((name, _signature, value) => void (name === "State" && told.push(String(value))));
  await enable();
  vpn.advance("wanted", "again");
  assert.deepEqual(told, ["offline*"]);
});

test("a program that never ends is ended after the limit, and that is a failure", async (t) => {
  const { it, createModifier, enable, runs } = await withProgram(t);
  const vpn = await createModifier("vpn", commands);
  await enable();
  runs[0]?.onTerm(() => {});
  await it.clock.advanceSettled(66_000);
  assert.deepEqual(states([vpn]), ["vpn maintenance/method-failed"]);
  assert.match(vpn.because, /did not end within 60 s/);
});

test("conditions start and stop it; without a stop command it just ends; by hand it is refused", async (t) => {
  const { it, createModifier, modifiers, runs, end } = await withProgram(t);
  const vpn = await createModifier("vpn", { ...conditional, Stop: "" });
  await end(0);
  assert.deepEqual(states([vpn]), ["vpn online/active"]);
  assert.throws(() => modifiers.switchTo(vpn, false), /not manual/);
  it.kernel.unplug("eth0");
  await quiet(it);
  assert.deepEqual([states([vpn]), runs.length], [["vpn offline/conditions-not-met"], 1]);
});

test("a conditional one that failed is tried again while its conditions hold, and is offline when they do not", async (t) => {
  const { it, createModifier, runs, end } = await withProgram(t);
  const vpn = await createModifier("vpn", conditional);
  await end(1);
  await it.clock.advanceSettled(121_000);
  assert.equal(runs.length, 2);
  await end(1);
  it.kernel.unplug("eth0");
  await quiet(it);
  assert.deepEqual(states([vpn]), ["vpn offline/conditions-not-met"]);
});

test("conditions that are lost while the start runs end it, and undo what it did", async (t) => {
  const { it, createModifier, runs, end } = await withProgram(t);
  const vpn = await createModifier("vpn", conditional);
  it.kernel.unplug("eth0");
  await quiet(it);
  assert.deepEqual(runs.at(-1)?.argv, ["/opt/vpn", "down"]);
  await end(0);
  assert.deepEqual(states([vpn]), ["vpn offline/conditions-not-met"]);
});

test("a Location can go by a Modifier: it follows in the next check", async (t) => {
  const { createModifier, createLocation, enable, end, active } = await withProgram(t);
  await createModifier("vpn", commands);
  await createLocation("work", { ActivationMode: "conditional-all", Conditions: ["modifier vpn is active"] });
  assert.equal(active(), "Automatic");
  await enable();
  await end(0);
  assert.equal(active(), "work");
});

test("one whose commands change while it is active is undone as it was begun, and begun anew", async (t) => {
  const { it, createModifier, enable, end, runs } = await withProgram(t);
  const vpn = await createModifier("vpn", commands);
  await enable();
  await end(0);
  vpn.setProperty("Stop", "/opt/vpn bye");
  await it.settle();
  await end(0);
  assert.deepEqual(
    runs.map(({ argv }) => argv.slice(1).join(" ")),
    ["up --fast", "down", "up --fast"],
  );
  await end(0);
  await enable(false);
  assert.deepEqual(runs.at(-1)?.argv, ["/opt/vpn", "bye"]);
});

test("conditions that go round in a circle do not run programs without end", async (t) => {
  const { it, createModifier, createLocation, runs } = await withProgram(t);
  it.processes.install("/opt/vpn", (run) => {
    runs.push(run);
    run.exit(0);
  });
  await createLocation("a", { ActivationMode: "conditional-any", Conditions: ["modifier vpn is active"] });
  const vpn = await createModifier("vpn", { ...conditional, Conditions: ["location a is-not active"] });
  await it.clock.advanceSettled(50_000);
  assert.ok(runs.length <= 10, `${runs.length} programs in 50 s`);
  assert.match(vpn.because, /started it 5 times within 60 s/);
});

test("a Modifier can go by a Location, and follows it without another event", async (t) => {
  const { it, createModifier, createLocation, locations, runs } = await withProgram(t);
  await createLocation("work", {});
  await createModifier("vpn", { ...conditional, Conditions: ["location work is active"] });
  assert.equal(runs.length, 0);
  const work = locations.find("work");
  if (work) locations.enable(work);
  await quiet(it);
  assert.equal(runs.length, 1);
});

test("at the daemon's end the stop of every active one runs, and nothing else is decided", async (t) => {
  const { it, automation, createModifier, enable, end, runs } = await withProgram(t);
  const vpn = await createModifier("vpn", commands);
  await enable();
  await end(0);
  for (let event = 0; event < 20; event++) automation.askForCheck();
  const before = automation.checks;
  const stopped = automation.stop();
  await it.settle();
  assert.deepEqual(runs.at(-1)?.argv, ["/opt/vpn", "down"]);
  await end(0);
  await stopped;
  assert.deepEqual([vpn.state, automation.checks], ["offline", before]);
});

test("at the daemon's end a start under way is ended and undone, and a stop that hangs is waited for no longer than 10 s", async (t) => {
  const { it, automation, createModifier, enable, runs } = await withProgram(t);
  it.processes.install("/opt/vpn", (run) => {
    runs.push(run);
    if (run.argv[1] === "down") run.onTerm(() => {});
  });
  await createModifier("vpn", commands);
  await enable();
  let isDone = false;
  const stopped = automation.stop().then(() => {
    isDone = true;
  });
  await it.clock.advanceSettled(9_000);
  assert.deepEqual([runs.at(-1)?.argv[1], isDone], ["down", false]);
  await it.clock.advanceSettled(1_500);
  assert.equal(isDone, true);
  await stopped;
});

test("commands are absolute paths without a shell, Start is needed, and what others could have written is not run", async (t) => {
  const { it, createModifier, enable, runs } = await withProgram(t);
  await assert.rejects(createModifier("a", { Start: "vpn up" }), /Start is the absolute path/);
  await assert.rejects(createModifier("b", {}), /Start is missing/);
  it.untrustedPrograms.set("/opt/vpn", "/opt/vpn can be written by others");
  const vpn = await createModifier("vpn", commands);
  await enable();
  assert.deepEqual(
    [states([vpn]), vpn.because],
    [["vpn maintenance/invalid-config"], "/opt/vpn can be written by others"],
  );
  assert.equal(runs.length, 0);
});

test("a user's Profile runs no commands, however they came there, and Import refuses them", async (t) => {
  const { it, modifiers, runs } = await withProgram(t);
  const rows = { Start: "/opt/vpn up", Enabled: true, ActivationMode: "manual" };
  it.profiles.create("~alice/work", (store) =>
    store.write("modifier_evil", new Map(Object.entries(rows).map(([name, value]) => [name, JSON.stringify(value)]))),
  );
  const profile = it.profiles.push("~alice/work");
  await quiet(it);
  const [evil] = modifiers.all;
  assert.equal(evil?.heldBackBecause, "commands are run only from Profiles of the machine");
  assert.deepEqual([evil?.state, runs.length], ["offline", 0]);
  const text = '[modifier_x]\nStart = "/opt/vpn up"\n';
  await assert.rejects(it.manager.profileEntries.import(profile, text), /no place in ~alice\/work/);
});
