/**
 * logind's behaviour around a sleep; run against the fake one on a private bus, and against the real one where a
 * machine may sleep (test/vm).
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Clock } from "../../../src/base/clock.ts";
import { silentLog } from "../../../src/base/log.ts";
import type { BusPort } from "../../../src/bus/bus.ts";
import { callForDescriptor } from "../../../src/bus/session/descriptor-call.ts";
import { nativeAddon } from "../../../src/native/native.ts";
import { LogindSleep } from "../../../src/sleep/logind.ts";
import { until } from "../../harness/until.ts";

export interface LogindWorld {
  readonly bus: BusPort;
  readonly clock: Clock;
  /** Of the bus that logind is on. */
  readonly address: string;
  /** Sends the machine to sleep and wakes it up again. Resolves when it is asleep at the earliest. */
  sleepAndWake(): Promise<void>;
  close(): Promise<void>;
}

/** Longer than logind takes without an inhibitor, shorter than it waits for one. */
const preparationMs = 600;

export function logindCases(name: string, make: () => Promise<LogindWorld>): void {
  test(`${name}: gives a delay inhibitor, waits for it, tells both ends of the sleep, and gives the next one`, async () => {
    const world = await make();
    const { bus, clock, address } = world;
    const story: string[] = [];
    const sleep: LogindSleep = new LogindSleep({
      bus,
      clock,
      log: silentLog,
      sleeper: {
        suspend: async () => {
          story.push(`suspend, inhibiting: ${sleep.state.isInhibiting}`);
          await new Promise<void>((resolve) => void clock.startTimer("test", preparationMs, resolve));
          story.push("ready");
        },
        resume: (because) => story.push(`resume: ${because}`),
      },
      callForDescriptor: (call) => callForDescriptor(call, { address, clock }),
      closeDescriptor: (descriptor) => nativeAddon().closeFd(descriptor),
    });
    try {
      sleep.start();
      for (let round = 0; round < 2; round++) {
        story.length = 0;
        await until("an inhibitor is held", () => sleep.state.isInhibiting, 20_000);
        await world.sleepAndWake();
        await until("it is awake", () => story.length === 3, 60_000);
        assert.deepEqual(story, ["suspend, inhibiting: true", "ready", "resume: awake"]);
      }
      await until("the next inhibitor is held", () => sleep.state.isInhibiting, 20_000);
    } finally {
      sleep.stop();
      await world.close();
    }
  });
}
