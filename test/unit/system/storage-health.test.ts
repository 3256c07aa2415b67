import assert from "node:assert/strict";
import { test } from "node:test";
import { StorageHealth } from "../../../src/system/storage-health.ts";
import { FakeClock } from "../../fakes/fake-clock.ts";
import { RecordingLog } from "../../fakes/recording-log.ts";

function world() {
  const clock = new FakeClock();
  const log = new RecordingLog();
  const health = new StorageHealth({ clock, log });
  let changes = 0;
  health.onChange(() => changes++);
  return { clock, log, health, changes: () => changes };
}
const fails = () => {
  throw new Error("no room");
};

test("a trouble is logged when it begins and when it ends, and not in between", () => {
  const { health, log, clock, changes } = world();
  let isFull = true;
  const retry = () => isFull && fails();
  health.failed("/a.db", "Not stored: full", retry);
  health.failed("/a.db", "Not stored: full", retry);
  clock.advance(600_000);
  assert.deepEqual(health.problems, ["Not stored: full"]);
  assert.equal(log.messages("warn").length, 1);
  isFull = false;
  clock.advance(60_000);
  assert.deepEqual(health.problems, []);
  assert.deepEqual(log.messages("info"), ["/a.db: is stored again"]);
  assert.equal(changes(), 2);
  assert.deepEqual(clock.pendingTimers(), []);
});

test("it is tried again after 2 seconds, then ever later, at last once a minute", () => {
  const { health, clock } = world();
  const start = clock.now();
  const tries: number[] = [];
  health.failed("/a.db", "full", () => {
    tries.push((clock.now() - start) / 1000);
    fails();
  });
  clock.advance(200_000);
  assert.deepEqual(tries, [2, 6, 14, 30, 62, 122, 182]);
});

test("a new trouble is tried soon, also while an old one lasts", () => {
  const { health, clock } = world();
  health.failed("/a.db", "full", fails);
  clock.advance(300_000);
  let isTried = false;
  health.failed("/b.db", "full", () => {
    isTried = true;
  });
  clock.advance(2_000);
  assert.ok(isTried);
  assert.deepEqual(health.problems, ["full"]);
});

test("a closed file, or one of no interest any more, is not tried again", () => {
  const { health, clock } = world();
  health.failed("/a.db", "full", () => assert.fail("tried"));
  health.forget("/a.db");
  health.failed("/b.db", "full", () => assert.fail("tried"));
  health.close();
  clock.advance(300_000);
  assert.deepEqual(clock.pendingTimers(), []);
});

test("every listener hears of a change, and none after its removal", () => {
  const { health, changes } = world();
  let heard = 0;
  const remove = health.onChange(() => heard++);
  health.failed("/a.db", "Not stored: full", fails);
  remove();
  health.works("/a.db");
  assert.deepEqual([changes(), heard], [2, 1]);
});
