import assert from "node:assert/strict";
import { test } from "node:test";
import { CallQueue, type QueueLimits } from "../../../../src/bus/guard/call-queue.ts";

const roomy: QueueLimits = { mostCalls: 100, mostBytes: 10_000, mostBytesInAll: 20_000, mostRefusals: 100 };

function makeQueue(limits: Partial<QueueLimits> = {}) {
  const queue = new CallQueue({ ...roomy, ...limits });
  let serial = 0;
  const add = (line: string, { length = 10, sender = line, isAnswered = true } = {}) =>
    queue.add(line, { sender, serial: isAnswered ? ++serial : undefined }, length, () => Buffer.alloc(length));
  /** Takes `count`; a refusal costs nothing. */
  const take = (count: number, costs: Readonly<Record<string, number>> = {}) =>
    Array.from({ length: count }, () => {
      const next = queue.take();
      if (!next) return "nobody";
      queue.charge(next.line, costs[next.line] ?? 1);
      return `${next.queued.sender}${next.queued.bytes ? "" : " refused"}`;
    });
  return { queue, add, take };
}

test("users take turns, however many calls one of them has before the other comes", () => {
  const { add, take } = makeQueue();
  for (let count = 0; count < 5; count++) add("flooder");
  assert.deepEqual(take(2), ["flooder", "flooder"]);
  for (let count = 0; count < 2; count++) add("quiet");
  const next = take(5);
  assert.deepEqual(next.slice(0, 4).sort(), ["flooder", "flooder", "quiet", "quiet"]);
  assert.equal(next[4], "flooder");
});

test("a user who asks for large answers has fewer turns, and silence is not saved up", () => {
  const { add, take } = makeQueue();
  for (let count = 0; count < 20; count++) add("large");
  take(10, { large: 10 });
  for (let count = 0; count < 20; count++) add("small");
  const turns = take(12, { large: 10 });
  assert.equal(turns.filter((who) => who === "large").length, 1);
});

test("a line keeps its order, also when a connection joins the line of its user", () => {
  const { queue, add } = makeQueue();
  add(":1.1");
  add("user 5", { sender: ":1.2" });
  add(":1.1");
  queue.join(":1.1", "user 5");
  queue.join(":1.9", "user 5");
  add("user 5", { sender: ":1.1" });
  assert.equal(queue.hasSeveralLines, false);
  const order = Array.from({ length: 4 }, () => queue.take()?.queued).map((next) => [next?.sender, next?.serial]);
  assert.deepEqual(order, [
    [":1.2", 2],
    [":1.1", 1],
    [":1.1", 3],
    [":1.1", 4],
  ]);
  assert.equal(queue.take(), undefined);
});

test("of more calls than one may have waiting only the refusal is kept, of still more nothing", () => {
  const { queue, add, take } = makeQueue({ mostCalls: 2, mostRefusals: 3 });
  assert.deepEqual(
    [1, 2, 3, 4].map(() => add("a")),
    [true, true, true, false],
  );
  assert.equal(add("b"), true);
  assert.equal(queue.size, 4);
  assert.deepEqual(take(4).sort(), ["a", "a", "a refused", "b"]);
});

test("a call without an awaited answer is not refused; it is kept or forgotten", () => {
  const { queue, add } = makeQueue({ mostCalls: 1 });
  assert.equal(add("a", { isAnswered: false }), true);
  assert.equal(add("a", { isAnswered: false }), false);
  assert.equal(queue.size, 1);
});

test("bytes are bounded for one user and for all, and given back", () => {
  const { add, take } = makeQueue();
  // One call of any size, as long as there is room for all.
  add("a", { length: 12_000 });
  add("a", { length: 1 });
  add("b", { length: 7_000 });
  add("b", { length: 4_000 });
  add("c", { length: 2_000 });
  assert.deepEqual(take(5).sort(), ["a", "a refused", "b", "b refused", "c refused"]);
  add("c", { length: 20_000 });
  assert.deepEqual(take(2), ["c", "nobody"]);
});

test("thousands of calls are taken in order without growing what is kept", () => {
  const { queue, add } = makeQueue({ mostCalls: 5_000, mostBytes: 1_000_000, mostBytesInAll: 1_000_000 });
  for (let count = 0; count < 3_000; count++) add("a");
  for (let count = 1; count <= 3_000; count++) {
    assert.equal(queue.take()?.queued.serial, count);
    add("a");
  }
  assert.equal(queue.size, 3_000);
  queue.clear(new Error("over"));
  assert.equal(queue.take(), undefined);
});
