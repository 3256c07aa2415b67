import assert from "node:assert/strict";
import { test } from "node:test";
import { nextPhaseInMs, phaseOfLease } from "../../../../src/network/protocols/dhcp4/lease.ts";
import * as timing from "../../../../src/network/protocols/dhcp4/timing.ts";

const times = (...args: Parameters<typeof timing.leaseTimes>) => {
  const { renewSeconds, rebindSeconds, leaseSeconds } = timing.leaseTimes(...args);
  return [renewSeconds, rebindSeconds, leaseSeconds];
};

test("without T1 and T2 a half and seven eighths are taken", () => {
  assert.deepEqual(times(800, undefined, undefined), [400, 700, 800]);
});
test("times in the right order are taken as they are", () => {
  assert.deepEqual(times(800, 10, 20), [10, 20, 800]);
});
test("times out of order are replaced", () => {
  assert.deepEqual(times(800, 900, 1000), [400, 700, 800], "beyond the lease");
  assert.deepEqual(times(800, 0, 0), [400, 700, 800], "zero");
  assert.deepEqual(times(800, 750, undefined), [400, 700, 800], "T1 after T2");
  assert.deepEqual(times(800, undefined, 70), [40, 70, 800], "T2 before the default T1");
  assert.deepEqual(times(800, 800, 800), [400, 700, 800], "all the same");
  assert.deepEqual(times(800, timing.infiniteLease, timing.infiniteLease), [400, 700, 800], "endless");
});
test("the order holds for any times of a server", () => {
  const values = [undefined, 0, 1, 10, 20, 21, 60, 3600, 0x7fffffff, 0xfffffffe, 0xffffffff];
  for (const lease of values) {
    for (const renew of values) {
      for (const rebind of values) {
        const [t1, t2, end] = times(lease, renew, rebind, 0.999);
        if (end === undefined) assert.deepEqual([t1, t2, lease], [undefined, undefined, 0xffffffff]);
        else assert.ok(0 < (t1 ?? 0) && (t1 ?? 0) < (t2 ?? 0) && (t2 ?? 0) < end, `${lease} ${renew} ${rebind}`);
      }
    }
  }
});
test("renewal comes up to a hundredth earlier", () => {
  assert.deepEqual(times(800, 400, 700, 1), [396, 700, 800]);
});
test("a server that forgets the lease time gives an hour", () => {
  assert.deepEqual(times(undefined, undefined, undefined)[2], 3600);
});
test("repetitions come after 4, 8, 16, 32, 64, 64 seconds, one second either way", () => {
  assert.deepEqual(
    [1, 2, 3, 4, 5, 6].map((sent) => timing.resendDelayMs(sent, 0.5)),
    [4e3, 8e3, 16e3, 32e3, 64e3, 64e3],
  );
  assert.deepEqual([timing.resendDelayMs(1, 0), timing.resendDelayMs(1, 1)], [3000, 5000]);
});
test("a lease in use is asked about at most ten seconds apart for two minutes, then more rarely, for ever", () => {
  assert.deepEqual(
    [1, 2, 3, 16, 17, 18, 19, 1000].map((sent) => timing.seekDelayMs(sent, 0.5)),
    [4e3, 8e3, 9e3, 9e3, 18e3, 36e3, 63e3, 63e3],
  );
  assert.deepEqual([timing.seekDelayMs(3, 0), timing.seekDelayMs(3, 1)], [8000, 10_000]);
});
test("renewals are repeated after half of what is left, never within a minute", () => {
  assert.deepEqual([1_000_000, 130_000, 120_000, 10].map(timing.renewDelayMs), [500_000, 65_000, 60_000, 60_000]);
});
test("a first refusal costs nothing, the next ones ever more up to a minute", () => {
  assert.deepEqual([1, 2, 3, 4, 20].map(timing.refusedDelayMs), [0, 1000, 2000, 4000, 60_000]);
});
test("the phases of a lease follow each other and expiry wins", () => {
  const lease = timing.leaseTimes(800, undefined, undefined);
  assert.deepEqual(
    [0, 399, 400, 699, 700, 799, 800, 1e9].map((seconds) => phaseOfLease(lease, seconds * 1000)),
    ["valid", "valid", "renew", "renew", "rebind", "rebind", "expired", "expired"],
  );
  assert.deepEqual(
    [0, 400, 700, 800].map((seconds) => nextPhaseInMs(lease, seconds * 1000)),
    [400_000, 300_000, 100_000, undefined],
  );
});
