import assert from "node:assert/strict";
import { test } from "node:test";
import { World } from "./world.ts";

test("a first exchange can be followed", async (t) => {
  const world = new World(t);
  await world.up();
  assert.deepEqual(world.steps, ["DHCP asks for an address", "DHCP 10.1.0.1 offers 10.1.0.100; asks for it"]);
});

test("without an answer the question is told once, not with each repetition", async (t) => {
  const world = new World(t, {}, { silent: true });
  world.setup();
  await world.pass(25);
  assert.deepEqual(world.steps, ["DHCP asks for an address"]);
});

test("a known address is asked for, given up, and asked for among others", async (t) => {
  const world = new World(t);
  await world.up();
  await world.session.teardown({ force: true });
  world.server.config.silent = true;
  world.steps.length = 0;
  world.attach({});
  world.setup();
  await world.pass(12);
  assert.deepEqual(world.steps, [
    "DHCP asks whether 10.1.0.100 still holds",
    "DHCP asks for an address, best 10.1.0.100 again",
    "DHCP no server answers; uses 10.1.0.100 unconfirmed",
  ]);
});

test("a refusal and the wait after it are told", async (t) => {
  const world = new World(t, {}, { refuses: true });
  world.setup();
  await world.pass(20);
  assert.deepEqual(world.steps.slice(0, 3), [
    "DHCP asks for an address",
    "DHCP 10.1.0.1 offers 10.1.0.100; asks for it",
    "DHCP 10.1.0.1 refuses its own offer",
  ]);
  assert.ok(world.steps.some((step) => /^DHCP waits \d+ s before it asks again$/.test(step)));
});

test("a probe before use is told", async (t) => {
  const world = new World(t, { conflictDetection: "before-use" });
  world.setup();
  await world.pass(1);
  assert.equal(world.steps.at(-1), "DHCP probes whether 10.1.0.100 is free");
});

test("a renewal that works is nothing to follow; a server that went away is", async (t) => {
  const world = new World(t);
  await world.up();
  world.steps.length = 0;
  await world.pass(2000);
  assert.deepEqual(world.steps, []);
  world.server.config.silent = true;
  await world.pass(3500);
  assert.deepEqual(world.steps, ["DHCP 10.1.0.1 does not answer; asks all servers"]);
});
