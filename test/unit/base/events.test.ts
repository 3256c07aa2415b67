import assert from "node:assert/strict";
import { test } from "node:test";
import { EventQueue } from "../../../src/base/events.ts";
import { FakeClock } from "../../fakes/fake-clock.ts";

type Event = { readonly kind: "a"; readonly n: number } | { readonly kind: "b" };

function scene() {
  const clock = new FakeClock();
  const errors: string[] = [];
  const queue = new EventQueue<Event>(clock, (where, error) => errors.push(`${where}: ${(error as Error).message}`));
  return { clock, errors, queue };
}

test("events are handled in the order posted, in the same turn, and never inside the poster", async () => {
  const { queue } = scene();
  const seen: number[] = [];
  queue.on("a", ({ n }) => {
    seen.push(n);
    if (n === 1) queue.post({ kind: "a", n: 3 });
  });
  queue.post({ kind: "a", n: 1 });
  queue.post({ kind: "a", n: 2 });
  assert.deepEqual(seen, []);
  await Promise.resolve();
  assert.deepEqual(seen, [1, 2, 3]);
});

test("a handler that throws is reported and harms no other", async () => {
  const { queue, errors } = scene();
  let heard = 0;
  queue.on("b", () => {
    throw new Error("oops");
  });
  queue.on("b", () => heard++);
  queue.post({ kind: "b" });
  await Promise.resolve();
  assert.deepEqual([errors, heard], [["b: oops"], 1]);
});

test("a removed handler hears nothing any more", async () => {
  const { queue } = scene();
  let heard = 0;
  const remove = queue.on("b", () => heard++);
  remove();
  remove();
  queue.post({ kind: "b" });
  await Promise.resolve();
  assert.equal(heard, 0);
});

test("ten events within 50 ms that all ask for a check cost one check, 100 ms after the last (W1)", async () => {
  const { clock, queue } = scene();
  let checks = 0;
  for (let n = 0; n < 10; n++) {
    queue.post({ kind: "a", n });
    queue.whenQuiet("check", () => checks++);
    await clock.advanceSettled(5);
  }
  await clock.advanceSettled(94);
  assert.equal(checks, 0);
  await clock.advanceSettled(1);
  assert.equal(checks, 1);
});

test("checks of several names run in the order they were first asked for (W2)", async () => {
  const { clock, queue } = scene();
  const ran: string[] = [];
  for (const name of ["modifiers", "locations", "links", "modifiers"]) queue.whenQuiet(name, () => ran.push(name));
  await clock.advanceSettled(100);
  assert.deepEqual(ran, ["modifiers", "locations", "links"]);
});

test("a flapping link cannot hold a check off for longer than 2 s", async () => {
  const { clock, queue } = scene();
  let checkedAt: number | undefined;
  const start = clock.now();
  queue.whenQuiet("check", () => {
    checkedAt = clock.now() - start;
  });
  for (let n = 0; n < 60; n++) {
    queue.post({ kind: "a", n });
    await clock.advanceSettled(50);
  }
  assert.equal(checkedAt, 2000);
});

test("a check that throws does not keep the others from running", async () => {
  const { clock, errors, queue } = scene();
  let ran = false;
  queue.whenQuiet("bad", () => {
    throw new Error("oops");
  });
  queue.whenQuiet("good", () => {
    ran = true;
  });
  await clock.advanceSettled(100);
  assert.deepEqual([errors, ran], [["bad: oops"], true]);
});

test("an event when nothing waits starts no timer: idle costs nothing", async () => {
  const { clock, queue } = scene();
  queue.post({ kind: "b" });
  await Promise.resolve();
  assert.deepEqual(clock.pendingTimers(), []);
});

test("a closed queue forgets what waited and takes nothing", async () => {
  const { clock, queue } = scene();
  let heard = 0;
  queue.on("b", () => heard++);
  queue.post({ kind: "b" });
  queue.whenQuiet("check", () => heard++);
  queue.close();
  queue.post({ kind: "b" });
  queue.whenQuiet("check", () => heard++);
  await clock.advanceSettled(3000);
  assert.deepEqual([heard, clock.pendingTimers(), queue.pending], [0, [], { events: [], checks: [] }]);
});
