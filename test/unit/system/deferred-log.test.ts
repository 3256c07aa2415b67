import assert from "node:assert/strict";
import { test } from "node:test";
import type { LogSink } from "../../../src/base/log.ts";
import { DeferredLog } from "../../../src/system/log-sink.ts";
import { FakeClock } from "../../fakes/fake-clock.ts";

function scene() {
  const clock = new FakeClock();
  const written: string[] = [];
  const start = clock.wallTime();
  const sink: LogSink = {
    write: (level, scope, message, _fields, at) => written.push(`${(at ?? 0) - start} ${level} ${scope}: ${message}`),
  };
  return { clock, written, log: new DeferredLog(sink, clock) };
}

test("lines are written together a little later, in order, each with the time it was said", () => {
  const { clock, written, log } = scene();
  log.write("info", "a", "one", undefined);
  clock.advance(2);
  log.write("debug", "b", "two", undefined);
  assert.deepEqual(written, []);
  clock.advance(3);
  assert.deepEqual(written, ["0 info a: one", "2 debug b: two"]);
  assert.deepEqual(clock.pendingTimers(), []);
});

test("an error is written at once, after what was said before it", () => {
  const { written, log } = scene();
  log.write("info", "a", "one", undefined);
  log.write("error", "a", "two", undefined);
  assert.deepEqual(written, ["0 info a: one", "0 error a: two"]);
});

test("at the end nothing is kept back", () => {
  const { written, log } = scene();
  log.write("info", "a", "one", undefined);
  log.flush();
  log.flush();
  assert.deepEqual(written, ["0 info a: one"]);
});
