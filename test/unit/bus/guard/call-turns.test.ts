import assert from "node:assert/strict";
import { test } from "node:test";
import { CallTurns } from "../../../../src/bus/guard/call-turns.ts";
import { defaultLimits } from "../../../../src/bus/wire/limits.ts";
import { MessageFlag, MessageType, makeMessage, readMessage, writeMessage } from "../../../../src/bus/wire/message.ts";
import { Writer } from "../../../../src/bus/wire/writer.ts";
import { FakeClock } from "../../../fakes/fake-clock.ts";

/** The bus's answer to a question for the user of `:1000.7`. */
const uidOf = (sender: string): number => Number(/^:(\d+)/.exec(sender)?.[1]);

/** A bus that reads our messages only when told to, and answers of `answerBytes` each. */
function makeWorld({ answerBytes = 1_000, answerMs = 0, isNameless = false } = {}) {
  const clock = new FakeClock();
  const [served, serials, refused, asked]: [string[], number[], string[], string[]] = [[], [], [], []];
  const known = new Map<string, number>();
  let sent = 0;
  let tellRead: (() => void) | undefined;
  const signs = { count: 0 };
  const host = {
    serve: (bytes: Buffer) => {
      const { message } = readMessage(bytes, defaultLimits);
      served.push(message.sender ?? "");
      serials.push(message.serial as number);
      clock.advance(answerMs);
      sent += answerBytes;
    },
    refuse: (sender: string, serial: number) => {
      refused.push(`${sender} ${serial}`);
      sent += 200;
    },
    sentBytes: () => sent,
    onceRead: (isRead: () => void) => {
      assert.equal(tellRead, undefined, "one sign at a time");
      signs.count++;
      sent += 100;
      tellRead = isRead;
    },
    knownUid: (sender: string) => known.get(sender),
    credentialsOf: async (sender: string) => {
      asked.push(sender);
      if (isNameless) throw new Error("it has left");
      learn(sender);
      return { uid: uidOf(sender), gids: undefined };
    },
  };
  const turns = new CallTurns(host, clock);
  const learn = (sender: string) => known.set(sender, uidOf(sender));
  let serial = 0;
  const call = (sender: string, flags = 0, text = "") => {
    const writer = new Writer();
    const init = {
      type: MessageType.METHOD_CALL,
      sender,
      flags,
      path: "/",
      member: "Do",
      signature: "s",
      body: [text],
    };
    writeMessage(writer, makeMessage(init), ++serial, defaultLimits);
    const bytes = writer.bytes.subarray(0, writer.position);
    turns.onCall(bytes, readMessage(bytes, defaultLimits));
    // The reader of the socket uses its buffer again.
    bytes.fill(0);
  };
  const read = async () => {
    const tell = tellRead;
    tellRead = undefined;
    tell?.();
    for (let turn = 0; turn < 4; turn++) await new Promise((resolve) => setImmediate(resolve));
    return tell !== undefined;
  };
  /** The rest of a call: "begun" counts it as served, its answer is sent when promises have run. */
  const work = (sender: string, name: string, bytes = answerBytes) => {
    const run = () => {
      served.push(name);
      clock.advance(answerMs);
      queueMicrotask(() => {
        sent += bytes;
      });
    };
    turns.onWork(sender, { run, refuse: ({ message }) => refused.push(`${name}: ${message}`) });
  };
  return { work, clock, turns, served, serials, refused, asked, signs, learn, call, read };
}

test("while the bus reads, a call is answered as it comes, and signs are few", async () => {
  const { served, signs, call, read } = makeWorld();
  for (let count = 1; count <= 640; count++) {
    call(":1000.1");
    assert.equal(served.length, count);
    if (count % 20 === 0) await read();
  }
  assert.ok(signs.count >= 6 && signs.count <= 12, `${signs.count} signs for 640 kB`);
});

test("of a bus that reads nothing no more is asked than some answers, and later all go out in order", async () => {
  const { served, signs, call, read, clock } = makeWorld();
  for (let count = 0; count < 500; count++) call(":1000.1");
  await clock.settle();
  assert.ok(served.length < 100, `${served.length} answers for a bus that does not read`);
  assert.equal(signs.count, 1);
  while (await read());
  assert.equal(served.length, 500);
});

test("a user who comes while a flood waits is served by the next signs, and not behind it", async () => {
  const { served, asked, call, read, clock } = makeWorld();
  for (let count = 0; count < 900; count++) call(`:1000.${count % 9}`);
  await read();
  await read();
  const before = served.length;
  call(":1001.1");
  await clock.settle();
  await read();
  await read();
  assert.ok(served.slice(before).includes(":1001.1"), `${served.length - before} others`);
  assert.ok(served.length < 200);
  while (await read());
  assert.equal(served.length, 901);
  assert.deepEqual(
    asked.slice().sort().slice(0, 9),
    [0, 1, 2, 3, 4, 5, 6, 7, 8].map((one) => `:1000.${one}`),
  );
});

test("more connections do not give a user more turns, once the bus has told whose they are", async () => {
  const { served, call, read } = makeWorld();
  for (let count = 0; count < 100; count++) for (const one of [1, 2, 3, 4]) call(`:1000.${one}`);
  for (let count = 0; count < 400; count++) call(":1001.1");
  for (let round = 0; round < 12; round++) await read();
  const before = served.length;
  for (let round = 0; round < 20; round++) await read();
  const later = served.slice(before);
  const ofOne = later.filter((sender) => uidOf(sender) === 1000).length;
  assert.ok(Math.abs(ofOne - later.length / 2) <= 2, `${ofOne} of ${later.length}`);
});

test("of too many calls the rest is refused in its turn, and forgotten where no answer is awaited", async () => {
  const { served, refused, call, read } = makeWorld();
  for (let count = 0; count < 3_000; count++) call(":1000.1");
  for (let count = 0; count < 3_000; count++) call(":1000.1", MessageFlag.NO_REPLY_EXPECTED);
  while (await read());
  assert.equal(served.length + refused.length, 3_000);
  assert.ok(served.length >= 1_024 && served.length < 1_200, `${served.length} served`);
});

test("calls that keep the process busy leave room for other events", async () => {
  const { served, call, read } = makeWorld({ answerBytes: 0, answerMs: 3 });
  for (let count = 0; count < 20; count++) call(":1000.1");
  assert.equal(served.length, 2);
  await new Promise((resolve) => setImmediate(resolve));
  assert.ok(served.length <= 4, `${served.length} in the second turn`);
  while (served.length < 20) await read();
  assert.equal(served.length, 20);
});

test("after a crowd a call is answered at once again", async () => {
  const { served, call, read } = makeWorld();
  for (let count = 0; count < 200; count++) call(":1000.1");
  while (await read());
  for (let count = 0; count < 30; count++) call(":1000.1");
  assert.equal(served.length, 230);
});

test("nothing is answered that waited when the connection was lost", async () => {
  const { turns, served, call, read, clock } = makeWorld();
  for (let count = 0; count < 200; count++) call(":1000.1");
  turns.stop();
  const before = served.length;
  await read();
  await clock.settle();
  assert.equal(served.length, before);
});

test("a connection's calls keep their order, whenever its user becomes known", async () => {
  for (const isNameless of [false, true]) {
    const { served, serials, learn, call, read } = makeWorld({ isNameless });
    for (let count = 0; count < 60; count++) call(":1000.1");
    for (let count = 0; count < 20; count++) for (const sender of [":1000.1", ":1001.1"]) call(sender);
    await read();
    learn(":1001.1");
    for (let count = 0; count < 20; count++) for (const sender of [":1000.1", ":1001.1"]) call(sender);
    while (await read());
    assert.equal(served.length, 140);
    for (const one of [":1000.1", ":1001.1"]) {
      const ofOne = serials.filter((_serial, at) => served[at] === one);
      assert.deepEqual(
        ofOne,
        [...ofOne].sort((a, b) => a - b),
      );
    }
  }
});

test("the rest of a call is done at once where nothing waits", () => {
  const { served, work } = makeWorld();
  work(":1000.1", "export");
  assert.deepEqual(served, ["export"]);
});

test("the rest of one user's calls waits for the bus, one answer after the other, and others' calls pass it", async () => {
  const { served, learn, work, call, read, clock } = makeWorld({ answerBytes: 4_000_000, answerMs: 20 });
  for (const sender of [":1000.1", ":1001.1"]) learn(sender);
  for (let count = 1; count <= 20; count++) work(`:1000.${count}`, "export");
  assert.equal(served.length, 1, "the second answer is not built before the first is on its way");
  await clock.settle();
  call(":1001.1");
  call(":1001.1");
  while (served.length < 6 && (await read()));
  assert.ok(served.lastIndexOf(":1001.1") <= 3, served.join(" "));
  while (await read());
  assert.equal(served.length, 22);
});

test("time counts as bytes do: who keeps the daemon busy for nothing comes after those who do not", async () => {
  const { served, learn, work, call, read } = makeWorld({ answerBytes: 0, answerMs: 50 });
  for (const sender of [":1000.1", ":1001.1"]) learn(sender);
  for (let count = 0; count < 10; count++) work(":1000.1", "import");
  call(":1001.1");
  while (served.length < 11) await read();
  assert.ok(served.indexOf(":1001.1") <= 2, served.join(" "));
});

test("the rest of a call comes before the calls that its connection sent later", async () => {
  const { served, learn, work, call, read } = makeWorld({ answerBytes: 200_000 });
  learn(":1000.1");
  call(":1000.1");
  for (let count = 0; count < 3; count++) call(":1000.1");
  work(":1000.1", "set");
  while (await read());
  assert.deepEqual(served, [":1000.1", "set", ":1000.1", ":1000.1", ":1000.1"]);
});

test("of too much that is left the rest is refused, and all of it when the connection is lost", async () => {
  const { turns, served, refused, learn, work, clock } = makeWorld({ answerBytes: 200_000, answerMs: 10 });
  learn(":1000.1");
  for (let count = 0; count < 1_100; count++) work(":1000.1", "export");
  await clock.settle();
  assert.equal(refused.length, 1_100 - served.length - 1_024);
  assert.match(refused[0] ?? "", /too many calls of this user/);
  turns.stop();
  assert.match(refused.at(-1) ?? "", /connection to the bus is gone/);
  work(":1000.1", "late");
  assert.equal(served.length + refused.length, 1_101);
});
