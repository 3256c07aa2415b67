import assert from "node:assert/strict";
import { test } from "node:test";
import { nativeAddon } from "../../../src/native/native.ts";
import { runChild } from "../../harness/native-child.ts";
import { until } from "../../harness/until.ts";

const native = nativeAddon();

test("the boot-time clock counts in milliseconds with fractions", () => {
  // Between two looks at the other clock each, however long the machine is busy elsewhere.
  const look = () => ({ before: performance.now(), boot: native.bootTimeMs(), after: performance.now() });
  const first = look();
  let last = look();
  while (last.before - first.after < 20) last = look();
  const passed = last.boot - first.boot;
  assert.ok(passed >= last.before - first.after - 1, `${passed} ms`);
  assert.ok(passed <= last.after - first.before + 1, `${passed} ms`);
  assert.ok(native.bootTimeMs() > 1000);
});

test("fires once, not before its time", async () => {
  const firedAt: number[] = [];
  const timer = native.openTimer(() => firedAt.push(native.bootTimeMs()));
  const due = native.bootTimeMs() + 15;
  timer.arm(due);
  await until("it fired", () => firedAt.length > 0);
  assert.ok((firedAt[0] ?? 0) >= due);
  const later = native.bootTimeMs() + 30;
  await until("30 ms more", () => native.bootTimeMs() > later);
  assert.equal(firedAt.length, 1);
  timer.close();
});

test("a time in the past fires at once, also zero and less", async () => {
  for (const time of [native.bootTimeMs() - 1000, 0, -5, Number.NEGATIVE_INFINITY]) {
    let isFired = false;
    const timer = native.openTimer(() => {
      isFired = true;
    });
    timer.arm(time);
    assert.equal(isFired, false);
    await until(`${time} fired`, () => isFired);
    timer.close();
  }
});

test("arming replaces, disarming forgets, arming in the callback works", async () => {
  let fired = 0;
  const timer = native.openTimer(() => {
    if (++fired < 3) timer.arm(native.bootTimeMs() + 1);
  });
  timer.arm(native.bootTimeMs() + 60_000);
  timer.arm(native.bootTimeMs() + 1);
  await until("three times", () => fired === 3);
  timer.arm(native.bootTimeMs() - 1);
  timer.disarm();
  timer.disarm();
  await new Promise((resolve) => setImmediate(resolve));
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(fired, 3);
  timer.close();
});

test("the end of time is accepted, something that is no time is not", () => {
  const timer = native.openTimer(() => assert.fail("not yet"));
  for (const time of [Number.MAX_SAFE_INTEGER, Number.MAX_VALUE, Number.POSITIVE_INFINITY]) timer.arm(time);
  assert.throws(() => timer.arm(Number.NaN), TypeError);
  assert.throws(() => timer.arm("soon" as unknown as number), TypeError);
  timer.close();
  assert.throws(() => timer.arm(1), { code: "EBADF", syscall: "timerfd_settime" });
  timer.disarm();
  timer.setKeepAlive(true);
  timer.close();
});

test("closing in the callback is safe", async () => {
  const before = native.openHandles().timers;
  let fired = 0;
  const timer = native.openTimer(() => {
    fired++;
    timer.close();
  });
  timer.arm(0);
  await until("it fired", () => fired > 0);
  assert.equal(native.openHandles().timers, before);
});

test("an exception in the callback reaches uncaughtException, and the timer can be armed again", () => {
  const { status, stdout, stderr } = runChild(`
    process.on("uncaughtException", (error) => { console.log(error.message); if (fired < 2) timer.arm(0); });
    let fired = 0;
    const timer = native.openTimer(() => { fired++; throw new Error("fired " + fired); });
    timer.arm(0);
  `);
  assert.deepEqual({ status, stdout, stderr }, { status: 0, stdout: "fired 1\nfired 2", stderr: "" });
});
