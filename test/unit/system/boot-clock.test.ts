import assert from "node:assert/strict";
import { test } from "node:test";
import type { NativeAddon } from "../../../src/native/native.ts";
import { BootClock } from "../../../src/system/boot-clock.ts";

/** A timerfd that is looked at instead of waited for. */
class FakeTimerAddon {
  nowMs = 1000;
  readonly calls: string[] = [];
  #fire = () => {};
  openTimer(fire: () => void) {
    this.#fire = fire;
    return {
      arm: (ms: number) => this.calls.push(`arm ${ms}`),
      disarm: () => this.calls.push("disarm"),
      setKeepAlive: () => {},
      close: () => this.calls.push("close"),
    };
  }
  bootTimeMs() {
    return this.nowMs;
  }
  wakeAt(ms: number) {
    this.nowMs = ms;
    this.#fire();
  }
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

function makeClock() {
  const addon = new FakeTimerAddon();
  return { addon, clock: new BootClock(addon as unknown as NativeAddon) };
}

test("a burst of timers started and cancelled in one turn costs one system call", async () => {
  const { addon, clock } = makeClock();
  let cancel = () => {};
  for (let at = 0; at < 1000; at++) {
    cancel();
    cancel = clock.startTimer("quiet", 100 + at, () => {});
  }
  await turn();
  assert.deepEqual(addon.calls, ["arm 2099"]);
});

test("arms anew only when the earliest deadline changes, and disarms when none is left", async () => {
  const { addon, clock } = makeClock();
  const cancelEarly = clock.startTimer("early", 10, () => {});
  await turn();
  const cancelLate = clock.startTimer("late", 50, () => {});
  await turn();
  assert.deepEqual(addon.calls, ["arm 1010"]);
  cancelEarly();
  await turn();
  cancelLate();
  await turn();
  assert.deepEqual(addon.calls, ["arm 1010", "arm 1050", "disarm"]);
});

test("one timer's error comes out, and the timers behind it fire at the next wake-up", async () => {
  const { addon, clock } = makeClock();
  const fired: string[] = [];
  clock.startTimer("bad", 10, () => {
    throw new Error("bad timer");
  });
  clock.startTimer("good", 10, () => fired.push("good"));
  await turn();
  assert.throws(() => addon.wakeAt(1020), /bad timer/);
  assert.deepEqual(addon.calls, ["arm 1010", "arm 1010"]);
  addon.wakeAt(1020);
  assert.deepEqual(fired, ["good"]);
});

test("timers started while others fire wait for the next wake-up, even with 0 ms", async () => {
  const { addon, clock } = makeClock();
  let rounds = 0;
  const again = () => {
    rounds++;
    clock.startTimer("again", 0, again);
  };
  clock.startTimer("again", 0, again);
  addon.wakeAt(1000);
  assert.equal(rounds, 1);
  addon.wakeAt(1000);
  assert.equal(rounds, 2);
});

test("keeps the order of deadlines through random starts and cancellations", async () => {
  const { addon, clock } = makeClock();
  let seed = 42;
  const random = (below: number) => {
    seed = (seed * 1103515245 + 12345) & 0x7fffffff;
    return seed % below;
  };
  const fired: number[] = [];
  const cancels: (() => void)[] = [];
  const expected = new Map<number, number>();
  for (let at = 0; at < 5000; at++) {
    const ms = random(1000);
    expected.set(at, ms);
    cancels.push(clock.startTimer("random", ms, () => fired.push(at)));
    if (at % 3 === 0) {
      const victim = random(cancels.length);
      cancels[victim]?.();
      expected.delete(victim);
    }
  }
  addon.wakeAt(10_000);
  const inOrder = [...expected].sort(([a, dueA], [b, dueB]) => dueA - dueB || a - b).map(([at]) => at);
  assert.deepEqual(fired, inOrder);
});

test("closing forgets all timers and starts none any more", async () => {
  const { addon, clock } = makeClock();
  clock.startTimer("old", 10, () => assert.fail("closed"));
  clock.close();
  clock.startTimer("new", 10, () => assert.fail("closed"))();
  clock.close();
  await turn();
  assert.deepEqual(clock.pendingTimers(), []);
  assert.ok(!addon.calls.some((call) => call.startsWith("arm")));
});
