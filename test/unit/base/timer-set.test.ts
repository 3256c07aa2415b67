import assert from "node:assert/strict";
import { test } from "node:test";
import { TimerSet } from "../../../src/base/clock.ts";
import { FakeClock } from "../../fakes/fake-clock.ts";

test("a timer of the same name replaces the earlier one", () => {
  const clock = new FakeClock();
  const timers = new TimerSet<"a">(clock, "eth0");
  const fired: number[] = [];
  timers.start("a", 10, () => fired.push(1));
  timers.start("a", 20, () => fired.push(2));
  assert.deepEqual(clock.pendingTimers(), [{ name: "a eth0", dueInMs: 20 }]);
  clock.advance(100);
  assert.deepEqual(fired, [2]);
});
test("a timer may start itself again", () => {
  const clock = new FakeClock();
  const timers = new TimerSet<"a">(clock, "eth0");
  let count = 0;
  const again = () => {
    if (++count < 3) timers.start("a", 10, again);
  };
  again();
  clock.advance(100);
  assert.deepEqual([count, timers.isPending("a")], [3, false]);
});
test("cancelled timers never fire", () => {
  const clock = new FakeClock();
  const timers = new TimerSet<"a" | "b">(clock, "eth0");
  timers.start("a", 10, () => assert.fail());
  timers.start("b", 10, () => assert.fail());
  timers.cancel("a");
  timers.cancel("a");
  timers.cancelAll();
  clock.advance(100);
  assert.deepEqual(clock.pendingTimers(), []);
});
test("a negative wait is none", () => {
  const clock = new FakeClock();
  new TimerSet<"a">(clock, "eth0").start("a", -5, () => {});
  assert.equal(clock.pendingTimers()[0]?.dueInMs, 0);
});
