import assert from "node:assert/strict";
import { test } from "node:test";
import { UnreadAnswers } from "../../../../src/bus/guard/unread-answers.ts";
import { FakeClock } from "../../../fakes/fake-clock.ts";

const limits = { askBytes: 100, refuseBytes: 1_000, shareBytes: 400, silentBytes: 2_000, forgivenPerSecond: 50 };

/** `:1000.7` is a connection of user 1000, as the bus tells. */
function makeWorld() {
  const clock = new FakeClock();
  const known = new Map<string, number>();
  const pinged = new Map<string, () => void>();
  const answers = new UnreadAnswers(
    {
      ping: (sender, isRead) => void pinged.set(sender, isRead),
      knownUid: (sender) => known.get(sender),
      credentialsOf: async (sender) => {
        if (sender.startsWith(":unknown")) throw new Error("nobody knows");
        known.set(sender, Number(/^:(\d+)/.exec(sender)?.[1]));
        return { uid: known.get(sender) as number, gids: undefined };
      },
    },
    clock,
    limits,
  );
  const send = (sender: string, bytes: number, times = 1) => {
    for (let count = 0; count < times; count++) answers.sent(sender, bytes);
  };
  const pong = (sender: string) => {
    pinged.get(sender)?.();
    pinged.delete(sender);
  };
  return { clock, known, pinged, answers, send, pong };
}

test("a client that has been sent little is not asked, one that has been sent much is asked once", () => {
  const { pinged, send } = makeWorld();
  send(":1000.1", 50, 2);
  assert.equal(pinged.size, 0);
  send(":1000.1", 50, 10);
  assert.deepEqual([...pinged.keys()], [":1000.1"]);
});

test("a client that answers has read everything before the question, and nothing after it", () => {
  const { answers, pinged, send, pong } = makeWorld();
  send(":1000.1", 150);
  send(":1000.1", 70);
  pong(":1000.1");
  assert.equal(answers.totalBytes, 70);
  send(":1000.1", 70);
  assert.equal(pinged.size, 1);
});

test("a deaf user is refused on all connections, and then no longer answered at all; no other user is", async () => {
  const { known, answers, send, pong } = makeWorld();
  send(":1000.1", 100, 8);
  assert.equal(answers.toleranceOf(":1000.1"), "answer");
  send(":1000.1", 100, 4);
  await Promise.resolve();
  known.set(":1000.2", 1000);
  known.set(":1001.1", 1001);
  for (const sender of [":1000.1", ":1000.2"]) assert.equal(answers.toleranceOf(sender), "refuse", sender);
  for (const sender of [":1001.1", ":1002.1"]) assert.equal(answers.toleranceOf(sender), "answer", sender);
  send(":1000.1", 1_000);
  assert.equal(answers.toleranceOf(":1000.2"), "ignore");
  assert.equal(answers.toleranceOf(":1001.1"), "answer");
  pong(":1000.1");
  send(":1000.1", 10);
  pong(":1000.1");
});

test("a user who reads is answered on any number of calls", () => {
  const { answers, send, pong } = makeWorld();
  send(":1000.1", 300, 6);
  for (let count = 0; count < 100; count++) {
    send(":1001.1", 150);
    pong(":1001.1");
    assert.equal(answers.toleranceOf(":1001.1"), "answer");
  }
  assert.equal(answers.toleranceOf(":1000.1"), "refuse");
});

test("a client that answers no Ping and asks at a usual pace is never refused", () => {
  const { clock, answers, send } = makeWorld();
  for (let count = 0; count < 1_000; count++) {
    clock.sleep(1_000);
    send(":1000.1", 45);
    assert.equal(answers.toleranceOf(":1000.1"), "answer");
  }
});

test("one that has been refused is answered again when enough time has gone by", () => {
  const { clock, answers, send } = makeWorld();
  send(":1000.1", 100, 11);
  assert.equal(answers.toleranceOf(":1000.1"), "refuse");
  clock.sleep(1_000);
  assert.equal(answers.toleranceOf(":1000.1"), "refuse");
  clock.sleep(1_000);
  assert.equal(answers.toleranceOf(":1000.1"), "answer");
});

test("root is always answered, and connections of unknown users as long as they were sent little", () => {
  const { known, answers, send } = makeWorld();
  known.set(":0.1", 0);
  send(":0.1", 2_500);
  assert.equal(answers.toleranceOf(":0.1"), "answer");
  send(":unknown.1", 90);
  assert.equal(answers.toleranceOf(":unknown.1"), "answer");
  send(":unknown.1", 20);
  assert.equal(answers.toleranceOf(":unknown.2"), "answer");
  assert.equal(answers.toleranceOf(":unknown.1"), "ignore");
});

test("a program that answers no Ping keeps its share beside a deaf user", async () => {
  const { known, answers, send } = makeWorld();
  send(":1000.1", 1_500);
  await Promise.resolve();
  known.set(":1001.1", 1001);
  send(":1001.1", 100, 3);
  assert.equal(answers.toleranceOf(":1001.1"), "answer");
  assert.equal(answers.toleranceOf(":1000.1"), "refuse");
});

test("of thousands of connections some are asked at one time, and the memory is bounded", async () => {
  const { answers, known, pinged, send } = makeWorld();
  for (let connection = 0; connection < 10_000; connection++) {
    known.set(`:1000.${connection}`, 1000);
    send(`:1000.${connection}`, 150);
  }
  assert.equal(pinged.size, 4);
  assert.equal(answers.totalBytes, 1024 * 150);
  for (let uid = 1; uid < 100; uid++) {
    known.set(`:${uid}.1`, uid);
    send(`:${uid}.1`, 150);
  }
  assert.equal(pinged.size, 16);
});
