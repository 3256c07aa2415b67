import assert from "node:assert/strict";
import { test } from "node:test";
import { scene } from "./daemon-scene.ts";
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

test("a tag that there is not is refused with those that there are, and nothing is set", async (t) => {
  const { run, json } = await scene(t);
  for (const expression of ["dhpc", "dhcp+dhpc", "+dhpc", "-dhcp-dhpc"]) {
    const { code, err } = await run("log", `--tags=${expression}`, "--level", "debug");
    assert.equal(code, 2, expression);
    assert.match(err, /there is no "dhpc"\nthere are .*\bdhcp\b/);
  }
  assert.equal((await run("log", "--tags", "dhcp+wifi")).code, 0);
  assert.equal((await run("log", "--tags=-wifi")).code, 0);
  const { level, tags } = await json("log", "--settings");
  assert.deepEqual([level, tags], ["info", ["dhcp"]]);
});

test("options about lines and options about what is logged exclude each other", async (t) => {
  const daemon = await FakeDaemon.start(t);
  for (const [line, setting] of [
    ["--follow", "--settings"],
    ["--lines=5", "--level=debug"],
  ] as const) {
    assert.equal((await daemon.run("log", line, setting)).code, 2);
  }
});
