/** Behaviour of every Clock; run against the fake and against the kernel's boot-time clock. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Clock } from "../../../src/base/clock.ts";

export interface ClockWorld {
  readonly clock: Clock;
  /** Lets `ms` milliseconds pass, or at least that. */
  pass(ms: number): Promise<void>;
  close(): void;
}

export function clockCases(name: string, makeWorld: () => ClockWorld): void {
  const inWorld = (title: string, run: (world: ClockWorld) => Promise<void>) =>
    test(`${name}: ${title}`, async () => {
      const world = makeWorld();
      try {
        await run(world);
      } finally {
        world.close();
      }
    });

  inWorld("timers fire in the order of their deadlines, never early", async ({ clock, pass }) => {
    const fired: string[] = [];
    const start = clock.now();
    for (const [label, ms] of [
      ["c", 30],
      ["a", 10],
      ["b", 20],
      ["0", 0],
    ] as const) {
      clock.startTimer(label, ms, () => {
        assert.ok(clock.now() - start >= ms, `${label} fired after ${clock.now() - start} ms`);
        fired.push(label);
      });
    }
    await pass(40);
    assert.deepEqual(fired, ["0", "a", "b", "c"]);
    assert.deepEqual(clock.pendingTimers(), []);
  });

  inWorld("equal deadlines fire in the order they were started", async ({ clock, pass }) => {
    const fired: number[] = [];
    for (let at = 0; at < 100; at++) clock.startTimer("same", 0, () => fired.push(at));
    await pass(5);
    assert.deepEqual(fired, [...Array(100).keys()]);
  });

  inWorld("a timer never fires inside startTimer", async ({ clock, pass }) => {
    let isFired = false;
    clock.startTimer("at once", 0, () => {
      isFired = true;
    });
    assert.equal(isFired, false);
    await pass(5);
    assert.equal(isFired, true);
  });

  inWorld("a cancelled timer does not fire, cancelling twice or too late is harmless", async ({ clock, pass }) => {
    const fired: string[] = [];
    const cancels = ["a", "b", "c"].map((label, at) => clock.startTimer(label, 5 * at, () => fired.push(label)));
    cancels[1]?.();
    cancels[1]?.();
    await pass(20);
    for (const cancel of cancels) cancel();
    assert.deepEqual(fired, ["a", "c"]);
  });

  inWorld("a timer may cancel another that is due at the same moment", async ({ clock, pass }) => {
    const fired: string[] = [];
    clock.startTimer("first", 5, () => {
      fired.push("first");
      cancelSecond();
    });
    const cancelSecond = clock.startTimer("second", 5, () => fired.push("second"));
    // On a real clock the second is due some microseconds later, but not before the first.
    await pass(20);
    assert.deepEqual(fired, ["first"]);
  });

  inWorld("a timer may start another", async ({ clock, pass }) => {
    let rounds = 0;
    const again = () => {
      if (++rounds < 5) clock.startTimer("again", 1, again);
    };
    clock.startTimer("again", 1, again);
    await pass(30);
    assert.equal(rounds, 5);
  });

  inWorld("pending timers are listed soonest first, by name", async ({ clock }) => {
    clock.startTimer("later", 90_000, () => {});
    clock.startTimer("sooner", 60_000, () => {});
    const cancel = clock.startTimer("cancelled", 30_000, () => {});
    cancel();
    const pending = clock.pendingTimers();
    assert.deepEqual(
      pending.map((timer) => timer.name),
      ["sooner", "later"],
    );
    assert.ok(pending.every(({ dueInMs }, at) => dueInMs > 0 && dueInMs <= 60_000 + at * 30_000));
  });

  inWorld("refuses a time that is negative or not a number", async ({ clock }) => {
    for (const ms of [-1, Number.NaN]) assert.throws(() => clock.startTimer("bad", ms, () => {}), RangeError);
    assert.deepEqual(clock.pendingTimers(), []);
  });

  inWorld("the wall clock counts from 1970", async ({ clock }) => {
    assert.ok(clock.wallTime() > Date.UTC(2020, 0, 1) && clock.wallTime() < Date.UTC(2200, 0, 1));
  });
}
