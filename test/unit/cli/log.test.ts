import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeDaemon } from "./fake-daemon.ts";

/** `fairlead log --follow` that has asked for lines once, and how often it has since. */
async function follow(daemon: FakeDaemon) {
  const asked = { times: 0 };
  const first = new Promise<void>((resolve) => {
    daemon.onLinesAsked = () => {
      asked.times++;
      resolve();
    };
  });
  const follower = daemon.start(["log", "--follow"]);
  await first;
  await daemon.clock.settle();
  return { follower, asked };
}

test("log --follow asks again and again, and ends well at Ctrl-C in the middle of a question", async (t) => {
  const daemon = await FakeDaemon.start(t);
  const { follower, asked } = await follow(daemon);
  await daemon.clock.advanceSettled(500);
  assert.equal(asked.times, 2);
  daemon.onLinesAsked = () => follower.interrupt();
  await daemon.clock.advanceSettled(500);
  assert.deepEqual(await follower.ended, { code: 0, out: "", err: "" });
});

test("Ctrl-C between two questions ends it at once", async (t) => {
  const daemon = await FakeDaemon.start(t);
  const { follower } = await follow(daemon);
  follower.interrupt();
  assert.equal((await follower.ended).code, 0);
});
