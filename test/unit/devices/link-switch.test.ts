import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { LinkSwitch } from "../../../src/devices/link-switch.ts";
import { FakeClock } from "../../fakes/fake-clock.ts";
import { FakeKernel } from "../../fakes/fake-kernel.ts";

async function scene(t: TestContext, links: number) {
  const [kernel, clock] = [new FakeKernel(), new FakeClock()];
  const indexes = Array.from({ length: links }, (_, at) => kernel.addHardware({ name: `p${at}` }).index);
  await kernel.start();
  const batches = t.mock.method(kernel, "batch");
  const up = () => [...kernel.snapshot.links.values()].filter(({ name, isUp }) => name !== "lo" && isUp).length;
  return { kernel, clock, indexes, batches, up, switch_: new LinkSwitch(kernel, clock) };
}

test("a link is set up in the same turn", async (t) => {
  const { indexes, up, switch_ } = await scene(t, 1);
  const done = switch_.set(indexes[0] ?? 0, true);
  assert.equal(up(), 1);
  await done;
});

test("of hundreds at once the first few go up at once, the others together when no more come", async (t) => {
  const { clock, indexes, up, batches, switch_ } = await scene(t, 300);
  const all = Promise.all(indexes.map((index) => switch_.set(index, true)));
  assert.equal(up(), 16);
  await clock.advanceSettled(10);
  await all;
  assert.deepEqual([up(), batches.mock.callCount()], [300, 1]);
});

test("a stream of links without an end cannot hold the others down for longer than a window", async (t) => {
  const { clock, indexes, up, switch_ } = await scene(t, 40);
  for (const index of indexes) {
    void switch_.set(index, true);
    await clock.advanceSettled(5);
  }
  assert.ok(up() >= 30, `${up()} are up`);
});

test("a refusal of the kernel is told to the caller", async (t) => {
  const { clock, indexes, switch_ } = await scene(t, 20);
  const missing = 4711;
  const results = Promise.allSettled([...indexes, missing].map((index) => switch_.set(index, true)));
  await clock.advanceSettled(10);
  const failed = (await results).flatMap(({ status }, at) => (status === "rejected" ? [at] : []));
  assert.deepEqual(failed, [20]);
});

test("after the burst links go up at once again", async (t) => {
  const { clock, indexes, up, switch_ } = await scene(t, 20);
  const burst = Promise.all(indexes.map((index) => switch_.set(index, true)));
  await clock.advanceSettled(200);
  await burst;
  void switch_.set(indexes[0] ?? 0, false);
  assert.equal(up(), 19);
});
