import assert from "node:assert/strict";
import { test } from "node:test";
import { Quiet } from "../../../src/base/quiet.ts";
import { FakeClock } from "../../fakes/fake-clock.ts";
import { RecordingLog } from "../../fakes/recording-log.ts";

function makeQuiet() {
  const clock = new FakeClock();
  const log = new RecordingLog();
  const quiet = new Quiet(clock, log);
  const done: string[] = [];
  const put = (...names: string[]) => {
    for (const name of names) quiet.afterwards(() => done.push(name));
  };
  return { clock, log, quiet, done, put };
}

test("while it is not quiet things are done at once", () => {
  const { quiet, done, put } = makeQuiet();
  put("a");
  quiet.begin();
  quiet.end();
  put("b");
  assert.deepEqual(done, ["a", "b"]);
});

test("deferred work is done at the end, in order; to begin or end twice changes nothing", () => {
  const { clock, quiet, done, put } = makeQuiet();
  quiet.begin();
  put("a");
  quiet.begin();
  put("b", "c");
  assert.deepEqual(done, []);
  quiet.end();
  quiet.end();
  assert.deepEqual([done, clock.pendingTimers()], [["a", "b", "c"], []]);
});

test("it lasts 50 ms at the most, counted from its first begin", () => {
  const { clock, quiet, done, put } = makeQuiet();
  quiet.begin();
  put("a");
  clock.advance(40);
  quiet.begin();
  clock.advance(9);
  assert.deepEqual(done, []);
  clock.advance(1);
  assert.deepEqual([done, quiet.isOn], [["a"], false]);
});

test("work that deferred work defers comes after all that was put off before it", () => {
  const { quiet, done, put } = makeQuiet();
  quiet.begin();
  quiet.afterwards(() => put("of a"));
  put("b");
  quiet.end();
  assert.deepEqual(done, ["b", "of a"]);
});

test("something put off that fails is logged, and the rest is done", () => {
  const { quiet, log, done, put } = makeQuiet();
  quiet.begin();
  quiet.afterwards(() => {
    throw new Error("disk full");
  });
  put("b");
  quiet.end();
  assert.deepEqual(done, ["b"]);
  assert.match(log.messages("error").join(), /disk full/);
});
