// Harmless outside a namespace: one timerfd.
import { nativeAddon } from "../../../src/native/native.ts";
import { BootClock } from "../../../src/system/boot-clock.ts";
import { until } from "../../harness/until.ts";
import { clockCases } from "./clock-cases.ts";

clockCases("boot clock", () => {
  const clock = new BootClock();
  return {
    clock,
    pass: async (ms) => {
      const end = nativeAddon().bootTimeMs() + ms;
      await until("the time has passed", () => nativeAddon().bootTimeMs() >= end && !hasDue(clock));
    },
    close: () => clock.close(),
  };
});

const hasDue = (clock: BootClock) => clock.pendingTimers().some((timer) => timer.dueInMs < 1);
