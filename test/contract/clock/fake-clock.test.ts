import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeClock } from "../../fakes/fake-clock.ts";
import { clockCases } from "./clock-cases.ts";

clockCases("fake clock", () => {
  const clock = new FakeClock();
  return { clock, pass: (ms) => clock.advanceSettled(ms), close: () => {} };
});

test("fake clock: each timer sees its own due time, and the end is reached exactly", () => {
  const clock = new FakeClock(1000);
  const seen: number[] = [];
  for (const ms of [30, 10, 20.5]) clock.startTimer("look", ms, () => seen.push(clock.now()));
  clock.advance(100);
  assert.deepEqual([...seen, clock.now()], [1010, 1020.5, 1030, 1100]);
});

test("fake clock: the wall clock jumps, deadlines do not", () => {
  const clock = new FakeClock();
  let isFired = false;
  clock.startTimer("fire", 1000, () => {
    isFired = true;
  });
  clock.setWallTime(Date.UTC(2030, 0, 1));
  assert.equal(isFired, false);
  clock.advance(500);
  assert.equal(clock.wallTime(), Date.UTC(2030, 0, 1) + 500);
});

test("fake clock: promises settle between timers when asked for", async () => {
  const clock = new FakeClock();
  const order: string[] = [];
  const fire = (name: string) => {
    order.push(name);
    void Promise.resolve().then(() => order.push(`after ${name}`));
  };
  for (const name of ["a", "b"]) clock.startTimer(name, 10, () => fire(name));
  await clock.advanceSettled(10);
  assert.deepEqual(order, ["a", "after a", "b", "after b"]);
});

test("fake clock: a timer that starts itself for ever fails the test instead of hanging it", () => {
  const clock = new FakeClock();
  const again = () => void clock.startTimer("endless", 0, again);
  again();
  assert.throws(() => clock.advance(1), /timers without end: endless/);
});
