import assert from "node:assert/strict";
import { test } from "node:test";
import { LargeMessages } from "../../../../src/bus/guard/large-messages.ts";
import { FakeClock } from "../../../fakes/fake-clock.ts";

const settled = () => new Promise((resolve) => setImmediate(resolve));

/** `:1000.7` is a connection of user 1000; the bus tells of `:unknown.7` nothing. */
function makeWorld() {
  const clock = new FakeClock();
  const known = new Map<string, number>();
  const asked: string[] = [];
  const host = {
    knownUid: (sender: string) => known.get(sender),
    credentialsOf: async (sender: string) => {
      asked.push(sender);
      if (sender.startsWith(":unknown")) throw new Error("nobody knows");
      const uid = Number(/^:(\d+)/.exec(sender)?.[1]);
      known.set(sender, uid);
      return { uid, gids: undefined };
    },
  };
  const large = new LargeMessages(host, clock, { burstBytes: 1000, bytesPerSecond: 100 });
  const know = (...senders: string[]) => {
    for (const sender of senders) void host.credentialsOf(sender);
    asked.length = 0;
  };
  return { clock, asked, large, know };
}

test("a user may send so much at once on all connections together, and then as much as time allows", () => {
  const { clock, large, know } = makeWorld();
  know(":1000.1", ":1000.2");
  assert.equal(large.admits(":1000.1", 600), true);
  assert.equal(large.admits(":1000.2", 500), false);
  assert.equal(large.admits(":1000.2", 400), true);
  clock.advance(2_000);
  assert.equal(large.admits(":1000.1", 201), false);
  assert.equal(large.admits(":1000.1", 200), true);
  clock.advance(3_600_000);
  assert.equal(large.admits(":1000.1", 1001), false);
  assert.equal(large.admits(":1000.1", 1000), true);
});

test("one user's messages are not counted against another, and nothing against root", () => {
  const { large, know } = makeWorld();
  know(":1000.1", ":1001.1", ":0.1");
  assert.equal(large.admits(":1000.1", 1000), true);
  assert.equal(large.admits(":1001.1", 1000), true);
  assert.equal(large.admits(":1000.1", 1), false);
  for (let round = 0; round < 10; round++) assert.equal(large.admits(":0.1", 1000), true);
});

test("strangers share one account until the bus has told whose they are, for which it is asked", async () => {
  const { asked, large } = makeWorld();
  assert.equal(large.admits(":1000.1", 700), true);
  assert.equal(large.admits(":unknown.1", 300), true);
  assert.equal(large.admits(":unknown.1", 1), false);
  assert.deepEqual(asked, [":1000.1", ":unknown.1", ":unknown.1"]);
  await settled();
  assert.equal(large.admits(":1000.2", 700), true, "user 1000's messages are no stranger's any more");
  assert.equal(large.admits(":unknown.1", 1), false, "messages without a known user are");
  assert.equal(large.admits(":1000.1", 301), false, "and counts as his");
});

test("root may send as much as he likes over ever new connections", async () => {
  const { large } = makeWorld();
  for (let connection = 1; connection < 10; connection++) {
    assert.equal(large.admits(`:0.${connection}`, 1000), true);
    await settled();
  }
});

test("a large header hides its sender: it is counted as a stranger's, and has a bound of its own", () => {
  const { large, know } = makeWorld();
  know(":1000.1");
  assert.equal(large.admitsHeader(900), true);
  assert.equal(large.admitsHeader(200), false);
  assert.equal(large.admits(":1000.1", 1000), true);
  assert.equal(new LargeMessages({} as never, new FakeClock()).admitsHeader(2 * 1024 * 1024 + 1), false);
});

test("users without number leave no trace without end", () => {
  const { large, know } = makeWorld();
  know(":1.1");
  large.admits(":1.1", 1000);
  for (let user = 2; user < 300; user++) {
    know(`:${user}.1`);
    assert.equal(large.admits(`:${user}.1`, 1000), true);
  }
  assert.equal(large.admits(":1.1", 1000), true, "the oldest of more than 256 is forgotten");
  assert.equal(large.admits(":299.1", 1), false);
});
