import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import { silentLog } from "../../../src/base/log.ts";
import { Quiet } from "../../../src/base/quiet.ts";
import type { IncomingCall } from "../../../src/bus/bus.ts";
import { BusClient } from "../../../src/bus/bus-client.ts";
import { ObjectDispatcher } from "../../../src/bus/objects/dispatcher.ts";
import type { BusLimits } from "../../../src/bus/wire/limits.ts";
import { MessageType } from "../../../src/bus/wire/message.ts";
import { FakeClock } from "../../fakes/fake-clock.ts";
import { until } from "../../harness/until.ts";
import { Thing, tables, thing as thingName } from "./dispatcher-support.ts";
import { FakeBusServer } from "./fake-bus-server.ts";

const standard = (name: string) => `org.freedesktop.DBus.Error.${name}`;

async function makeWorld(t: TestContext, limits: Partial<BusLimits> = {}) {
  const server = await FakeBusServer.start(t);
  const clock = new FakeClock();
  const quiet = new Quiet(clock, silentLog);
  const client = new BusClient({ address: server.address, clock, log: silentLog, limits, quiet });
  t.after(async () => {
    const closed = client.close();
    await clock.advanceSettled(1000);
    await closed;
    assert.deepEqual(clock.pendingTimers(), []);
  });
  const states: string[] = [];
  client.onConnection((state, detail) => states.push(`${state} ${detail}`));
  const told = (member: string) =>
    until(`${member} was sent`, () => server.told.find(({ message }) => message.member === member));
  return { server, clock, client, states, told, quiet };
}
const call = { destination: ":1.7", path: "/", interface: "a.b", member: "Do" };
const toUs = { sender: ":1.7", destination: ":1.1", path: "/", interface: "a.b", member: "Do" };

test("an address without a listener is named with the reason", async () => {
  const client = new BusClient({ address: "unix:path=/nonexistent/bus", clock: new FakeClock(), log: silentLog });
  await assert.rejects(client.connect(), {
    message: "cannot connect to the message bus: unix:path=/nonexistent/bus: ENOENT",
  });
});

test("a bus may listen on an abstract socket", async (t) => {
  const server = await FakeBusServer.start(t, true);
  const client = new BusClient({ address: server.address, clock: new FakeClock(), log: silentLog });
  await client.connect();
  assert.equal(client.uniqueName, ":1.1");
  await client.close();
});

test("of several addresses the first that answers is taken, and the reasons of all are told if none does", async (t) => {
  const { server } = await makeWorld(t);
  const clock = new FakeClock();
  const first = new BusClient({ address: `unix:path=/nonexistent/a;${server.address}`, clock, log: silentLog });
  await first.connect();
  assert.equal(first.uniqueName, ":1.1");
  await first.close();
  const none = new BusClient({ address: "unix:path=/nonexistent/a;unix:path=/nonexistent/b", clock, log: silentLog });
  await assert.rejects(none.connect(), /\/a: ENOENT; .*\/b: ENOENT/);
});

test("a bus that says nothing is given up after the time limit", async (t) => {
  const { server, clock, client } = await makeWorld(t);
  server.authReply = undefined;
  const failed = assert.rejects(client.connect(), /no answer in time/);
  await until("the timer runs", () => clock.pendingTimers().length > 0);
  clock.advance(5000);
  await failed;
});

test("a bus that refuses us, or Hello, is a clear failure", async (t) => {
  const { server, client } = await makeWorld(t);
  server.authReply = "ERROR go away\r\n";
  await assert.rejects(client.connect(), /refused authentication as user \d+: "ERROR go away"/);
  server.authReply = "OK 1\r\n";
  server.refuses = "Hello";
  await assert.rejects(client.connect(), /cannot connect to the message bus/);
  server.refuses = undefined;
  await client.connect();
});

test("a stream that cannot be understood is dropped and made anew, with names and matches", async (t) => {
  const { server, clock, client, states, told } = await makeWorld(t);
  await client.connect();
  await client.requestName("org.fairlead.Test");
  client.match({ member: "Told" }, () => {});
  await told("AddMatch");
  server.told.length = 0;
  server.write(Buffer.from("no message at all"));
  await until("the loss was told", () => states.length === 1);
  assert.match(states[0] ?? "", /lost the stream of the bus is broken/);
  clock.advance(50);
  await until("it is back", () => states.length === 2);
  assert.deepEqual(states.slice(1), ["restored :1.1"]);
  assert.deepEqual(
    server.told.map(({ message }) => message.member),
    ["Hello", "AddMatch", "RequestName"],
  );
});

test("a bus that stays away is asked again and again, more and more rarely", async (t) => {
  const { server, clock, client, states } = await makeWorld(t);
  await client.connect();
  server.stop();
  await until("the loss was told", () => states.length === 1);
  const waits: number[] = [];
  for (let round = 0; round < 9; round++) {
    const timer = await until("the next try is planned", () =>
      clock.pendingTimers().find(({ name }) => name === "bus-reconnect"),
    );
    waits.push(timer.dueInMs);
    clock.advance(timer.dueInMs);
  }
  assert.deepEqual(waits, [50, 100, 200, 400, 800, 1600, 3200, 5000, 5000]);
  await server.listen();
  const last = await until("one more is planned", () =>
    clock.pendingTimers().find(({ name }) => name === "bus-reconnect"),
  );
  clock.advance(last.dueInMs);
  await until("it is back", () => states.length === 2);
});

test("a bus that does not read is dropped when too much waits", async (t) => {
  const { server, clock, client, states } = await makeWorld(t, { maxQueuedBytes: 1024 * 1024 });
  await client.connect();
  server.stopReading();
  for (let count = 0; count < 40 && states.length === 0; count++) {
    client.emit("/", "a.b", "C", "s", ["x".repeat(100_000)]);
    await clock.settle();
  }
  assert.match(states[0] ?? "", /^lost the bus does not read: \d+ bytes wait/);
  server.readAgain();
  clock.advance(50);
  await until("it is back", () => states.length === 2);
});

test("a bus that is slow because others flood it is not given up, however much waits", async (t) => {
  const { server, clock, client, states } = await makeWorld(t);
  await client.connect();
  server.stopReading();
  for (let count = 0; count < 30; count++) client.emit("/", "a.b", "C", "s", ["x".repeat(100_000)]);
  await until("something waits", () => clock.pendingTimers().some(({ name }) => name === "bus-stall"));
  for (let round = 0; round < 15; round++) {
    const before = server.bytesRead;
    await until("it has taken some", () => {
      server.readSome();
      return server.bytesRead > before + 65_536;
    });
    for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
    clock.advance(4_000);
  }
  assert.deepEqual(states, []);
});

test("a bus that reads others and nothing of ours is given up even if little waits", async (t) => {
  const { server, clock, client, states } = await makeWorld(t);
  await client.connect();
  server.stopReading({ fresh: true });
  for (let count = 0; count < 20; count++) client.emit("/", "a.b", "C", "s", ["x".repeat(100_000)]);
  await until("something waits", () => clock.pendingTimers().some(({ name }) => name === "bus-stall"));
  // Until the kernel holds as much as it will.
  await clock.advanceSettled(5_000);
  clock.advance(4_999);
  await clock.settle();
  assert.equal(server.connections, 1);
  clock.advance(1);
  await until("it is given up", () => states.length > 0);
  assert.match(states[0] ?? "", /^lost the bus has read others, and nothing of ours for 5000 ms/);
  clock.advance(50);
  await until("it is back", () => states.length === 2);
});

test("so is one that ceases to read us when nothing is left that the kernel would not take", async (t) => {
  const { server, clock, client, states } = await makeWorld(t);
  await client.connect();
  client.serve((incoming) => incoming.reply("s", ["x".repeat(5_000)]));
  server.stopReading({ fresh: true });
  for (let count = 0; count < 16; count++) server.send({ ...toUs, type: MessageType.METHOD_CALL });
  await until("a sign is waited for", () => clock.pendingTimers().some(({ name }) => name === "bus-stall"));
  await clock.advanceSettled(5_000);
  clock.advance(5_000);
  await until("it is given up", () => states.length > 0);
  assert.match(states[0] ?? "", /nothing of ours/);
});

test("a sign that the bus has lost, as it does when much waits for us, is asked for again, and calls go on", async (t) => {
  const { server, clock, client, states } = await makeWorld(t);
  await client.connect();
  client.serve((incoming) => incoming.reply("s", ["x".repeat(5_000)]));
  const answers = () => server.told.filter(({ message }) => message.destination === ":1.7");
  server.loses = "GetId";
  for (let count = 0; count < 60; count++) server.send({ ...toUs, type: MessageType.METHOD_CALL });
  await until("calls wait", () => server.loses === undefined && answers().length > 10);
  await clock.settle();
  assert.ok(answers().length < 60, `${answers().length} were answered`);
  clock.advance(1_000);
  await until("all are answered", () => answers().length === 60);
  assert.deepEqual(states, []);
});

test("a bus that reads from no client is waited for, and given up after two minutes", async (t) => {
  for (const isBack of [true, false]) {
    const { server, clock, client, states } = await makeWorld(t);
    await client.connect();
    server.stopReading();
    for (let count = 0; count < 20; count++) client.emit("/", "a.b", "C", "s", ["x".repeat(100_000)]);
    await until("something waits", () => clock.pendingTimers().some(({ name }) => name === "bus-stall"));
    for (let seconds = 0; seconds < 115; seconds += 5) await clock.advanceSettled(5_000);
    assert.deepEqual(states, []);
    if (isBack) {
      server.readAgain();
      await until("all was taken", () => server.signals === 20);
    }
    await clock.advanceSettled(10_000);
    assert.deepEqual(states.slice(0, 1), isBack ? [] : ["lost the bus has read nothing for 120000 ms"]);
  }
});

test("a slow bus that reads on is not given up", async (t) => {
  const { server, clock, client, states } = await makeWorld(t);
  await client.connect();
  server.stopReading();
  for (let count = 0; count < 20; count++) client.emit("/", "a.b", "C", "s", ["x".repeat(100_000)]);
  await until("something waits", () => clock.pendingTimers().some(({ name }) => name === "bus-stall"));
  clock.advance(4_000);
  server.readAgain();
  await until("all was taken", () => server.signals === 20);
  for (let round = 0; round < 13; round++) await clock.advanceSettled(5_000);
  assert.deepEqual(clock.pendingTimers(), [], "no watch is left");
  assert.deepEqual(states, []);
});

test("no more calls are looked at while their answers find no way out", async (t) => {
  const { server, client, clock } = await makeWorld(t);
  await client.connect();
  let taken = 0;
  client.serve((incoming) => {
    taken++;
    incoming.reply("s", ["x".repeat(10_000)]);
  });
  server.stopReading();
  const bytes = server.bytes({ ...toUs, type: MessageType.METHOD_CALL });
  for (let count = 0; count < 5; count++) server.write(Buffer.concat(Array.from({ length: 100 }, () => bytes)));
  let before = -1;
  while (taken !== before) {
    before = taken;
    await clock.settle();
  }
  assert.ok(taken > 0 && taken < 20, `${taken} calls were taken`);
  server.readAgain();
  const answers = () => server.told.filter(({ message }) => message.replySerial !== undefined);
  await until("all are answered", () => answers().length === 500, 20_000);
});

test("nothing is read while too much waits to be sent", async (t) => {
  const { server, client, clock, states, told } = await makeWorld(t, { pauseReadingBytes: 100_000 });
  await client.connect();
  let heard = 0;
  client.match({ member: "Told" }, () => heard++);
  await told("AddMatch");
  await clock.settle();
  server.stopReading();
  for (let count = 0; count < 10; count++) client.emit("/", "a.b", "C", "s", ["x".repeat(100_000)]);
  await clock.settle();
  server.send({ ...toUs, type: MessageType.SIGNAL, member: "Told" });
  for (let round = 0; round < 5; round++) await clock.settle();
  assert.equal(heard, 0);
  server.readAgain();
  await until("the signal is heard", () => heard === 1);
  assert.deepEqual(states, []);
});

test("a call that is too large is refused by its header, and a reply by ending its call", async (t) => {
  const { server, client, told } = await makeWorld(t, { maxMessageBytes: 100_000 });
  await client.connect();
  client.serve(() => assert.fail("served"));
  const large = { signature: "s", body: ["x".repeat(200_000)] };
  server.send({ ...toUs, type: MessageType.METHOD_CALL, ...large });
  const refusal = await until("the refusal", () =>
    server.told.find(({ message }) => message.type === MessageType.ERROR),
  );
  assert.equal(refusal.message.errorName, standard("LimitsExceeded"));
  const failed = assert.rejects(client.call(call), { busName: standard("LimitsExceeded") });
  const { message } = await told("Do");
  server.send({ type: MessageType.METHOD_RETURN, sender: ":1.7", replySerial: message.serial as number, ...large });
  await failed;
});

test("large calls are taken as long as their user has not sent too much, and then refused until time has passed", async (t) => {
  const { server, clock, client } = await makeWorld(t);
  await client.connect();
  let served = 0;
  client.serve((incoming) => {
    served++;
    assert.equal((incoming.args()[0] as string).length, 4_000_000);
    incoming.reply("", []);
  });
  const large = { ...toUs, type: MessageType.METHOD_CALL, signature: "s", body: ["x".repeat(4_000_000)] };
  const answers = () => server.told.filter(({ message }) => message.destination === ":1.7");
  for (let count = 0; count < 6; count++) server.send(large);
  await until("all are answered", () => answers().length === 6);
  assert.equal(served, 4);
  const refusals = answers().filter(({ message }) => message.errorName === standard("LimitsExceeded"));
  const why = "too much came from this user in large messages; try again in some seconds";
  assert.deepEqual(
    refusals.map(({ args }) => args),
    [[why], [why]],
  );
  clock.advance(4_000);
  server.send(large);
  await until("the next one is answered", () => answers().length === 7);
  assert.equal(served, 5);
});

test("large answers without a caller are read over, and those to our calls are not", async (t) => {
  const { server, client, told } = await makeWorld(t);
  await client.connect();
  const large = { type: MessageType.METHOD_RETURN, sender: ":1.7", signature: "s", body: ["x".repeat(15_000_000)] };
  for (const stranger of [101, 102]) server.send({ ...large, replySerial: stranger });
  const answered = client.call(call);
  const { message } = await told("Do");
  server.send({ ...large, replySerial: message.serial as number });
  assert.equal(((await answered)[0] as string).length, 15_000_000);
});

test("messages of unknown types, for others, or with broken headers are ignored", async (t) => {
  const { server, client } = await makeWorld(t);
  await client.connect();
  const served: string[] = [];
  client.serve((incoming) => served.push(incoming.member));
  client.match({}, () => assert.fail("heard"));
  const good = server.bytes({ ...toUs, type: MessageType.METHOD_CALL });
  const spoiled = (at: number, value: number) => {
    const bytes = Buffer.from(good);
    bytes[at] = value;
    return bytes;
  };
  for (const bytes of [spoiled(1, 9), spoiled(1, 0), spoiled(24, 0x20)]) server.write(bytes);
  server.send({ ...toUs, destination: ":1.2", type: MessageType.METHOD_CALL });
  server.send({ ...toUs, destination: ":1.2", type: MessageType.SIGNAL });
  server.send({ ...toUs, member: "Last", type: MessageType.METHOD_CALL });
  await until("the last came", () => served.length > 0);
  assert.deepEqual(served, ["Last"]);
});

test("an answer does not go out on a later connection than the call came in on", async (t) => {
  const { server, clock, client, states, told } = await makeWorld(t);
  await client.connect();
  const waiting: IncomingCall[] = [];
  client.serve((incoming) => waiting.push(incoming));
  server.send({ ...toUs, type: MessageType.METHOD_CALL });
  await until("the call came", () => waiting.length === 1);
  server.disconnect();
  await until("the loss was told", () => states.length === 1);
  clock.advance(50);
  await until("it is back", () => states.length === 2);
  waiting[0]?.reply("", []);
  client.emit("/", "a.b", "Last", "", []);
  await told("Last");
  assert.ok(server.told.every(({ message }) => message.type !== MessageType.METHOD_RETURN));
});

test("a call is answered once", async (t) => {
  const { server, client, told } = await makeWorld(t);
  await client.connect();
  client.serve((incoming) => {
    assert.throws(() => incoming.reply("u", ["wrong"]), { busName: standard("InvalidArgs") });
    incoming.fail("not an error name", `with a NUL \0${"x".repeat(5000)}`);
    incoming.reply("", []);
    incoming.fail("a.b.C", "again");
  });
  server.send({ ...toUs, type: MessageType.METHOD_CALL });
  client.emit("/", "a.b", "Last", "", []);
  await told("Last");
  const answers = await until("an answer", () =>
    server.told.filter(({ message }) => message.replySerial !== undefined),
  );
  assert.deepEqual(
    answers.map(({ message, args }) => [message.errorName, String(args[0]).length]),
    [[standard("Failed"), 1000]],
  );
});

test("close sends what waits first, and gives up on a bus that does not read after a second", async (t) => {
  const { server, clock, client } = await makeWorld(t);
  await client.connect();
  for (let count = 0; count < 50; count++) client.emit("/", "a.b", "C", "s", ["x".repeat(100_000)]);
  await client.close();
  assert.equal(server.told.length, 51);

  const deaf = new BusClient({ address: server.address, clock, log: silentLog });
  await deaf.connect();
  server.stopReading();
  for (let count = 0; count < 50; count++) deaf.emit("/", "a.b", "C", "s", ["x".repeat(100_000)]);
  const closed = deaf.close();
  await clock.settle();
  clock.advance(1000);
  await closed;
});

test("a listener that throws harms neither the others nor the connection", async (t) => {
  const { server, client, told } = await makeWorld(t);
  await client.connect();
  const heard: string[] = [];
  const failing = () => {
    throw new Error("listener failed");
  };
  client.match({ member: "Told" }, failing);
  client.match({ interface: "a.b" }, ({ member }) => heard.push(member));
  client.serve(failing);
  server.send({ ...toUs, type: MessageType.SIGNAL, member: "Told" });
  server.send({ ...toUs, type: MessageType.METHOD_CALL });
  server.send({ ...toUs, type: MessageType.SIGNAL, member: "Again" });
  await until("both were heard", () => heard.length === 2);
  client.emit("/", "a.b", "Alive", "", []);
  await told("Alive");
});

// --- signals that wait for an address ---

const members = (server: FakeBusServer): readonly string[] =>
  server.told.flatMap(({ message }) => message.member ?? `reply to ${message.replySerial}`).slice(1);

test("while it is quiet signals wait, and are sent in order at its end", async (t) => {
  const { server, clock, client, told, quiet } = await makeWorld(t);
  await client.connect();
  quiet.begin();
  for (const member of ["A", "B"]) client.emit("/", "a.b", member, "s", [member]);
  const answered = client.call({
    ...call,
    destination: "org.freedesktop.DBus",
    interface: "org.freedesktop.DBus",
    member: "GetId",
  });
  answered.catch(() => {});
  await told("GetId");
  assert.deepEqual(members(server), ["GetId"], "calls do not wait");
  clock.advance(50);
  client.emit("/", "a.b", "C", "s", ["C"]);
  await told("C");
  assert.deepEqual(members(server), ["GetId", "A", "B", "C"]);
});

test("a reply comes after the signals that were emitted before it", async (t) => {
  const { server, client, quiet } = await makeWorld(t);
  await client.connect();
  client.serve((incoming) => {
    client.emit("/", "a.b", "Before", "", []);
    incoming.reply("", []);
    client.emit("/", "a.b", "After", "", []);
  });
  quiet.begin();
  server.send({ ...toUs, type: MessageType.METHOD_CALL, serial: 7 });
  await until("all were sent", () => server.told.length >= 4);
  assert.equal(members(server)[0], "Before");
  assert.match(members(server)[1] ?? "", /^reply/);
  assert.equal(members(server)[2], "After");
});

test("a signal that waits is sent as it was when it was emitted, also when its bytes change", async (t) => {
  const { server, client, quiet } = await makeWorld(t);
  await client.connect();
  quiet.begin();
  const bytes = Buffer.alloc(4);
  for (const number of [1, 2]) {
    bytes.writeUInt32LE(number);
    client.emit("/", "a.b", "Told", "u", { marshalled: [bytes] });
  }
  quiet.end();
  await until("both were sent", () => server.told.length >= 3);
  assert.deepEqual(
    server.told.slice(1).map(({ args }) => args),
    [[1], [2]],
  );
});

test("a value that does not fit its type keeps no other from being told, also while it is quiet", async (t) => {
  const { client, quiet, told } = await makeWorld(t);
  await client.connect();
  const thing = new Thing();
  const dispatcher = new ObjectDispatcher({ bus: client, log: silentLog });
  thing.handle = dispatcher.export("/a", [tables(thing)]);
  await told("InterfacesAdded");
  quiet.begin();
  thing.change("Level", -1);
  thing.change("Name", "two");
  await nextTurn();
  quiet.end();
  const { args } = await told("PropertiesChanged");
  assert.deepEqual(args, [thingName, new Map([["Name", { signature: "s", value: "two" }]]), []]);
});

test("a signal that waits is not sent on another connection", async (t) => {
  const { server, clock, client, states, told, quiet } = await makeWorld(t);
  await client.connect();
  quiet.begin();
  client.emit("/", "a.b", "Lost", "", [], ":1.7");
  server.disconnect();
  await until("the loss was told", () => states.length === 1);
  clock.advance(49);
  clock.advance(1);
  await until("it is back", () => states.length === 2);
  client.emit("/", "a.b", "Sent", "", []);
  await told("Sent");
  assert.ok(!members(server).includes("Lost"));
});
