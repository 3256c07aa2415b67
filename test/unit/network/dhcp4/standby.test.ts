import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { Dhcp4Config } from "../../../../src/network/protocols/dhcp4/config.ts";
import type { DhcpMessage } from "../../../../src/network/protocols/dhcp4/message.ts";
import type { ProtocolLink } from "../../../../src/network/protocols/handler.ts";
import { FakeDhcpServer } from "../../../fakes/fake-dhcp-server.ts";
import { link, World, worldWithLease } from "./world.ts";

const numbers = (world: World): number => new Set(world.server.received.map((each) => each.transactionId)).size;

/** The carrier comes, and the owner in the same turn. */
function plug(world: World): void {
  world.standBy().begin();
  world.attach({});
  world.setup();
}

test("the question leaves with the carrier, and the owner goes on with its exchange", async (t) => {
  const world = new World(t);
  const standby = world.standBy();
  await world.pass(5);
  assert.deepEqual(world.server.heard, [], "nothing before the carrier");
  assert.equal(standby.begin(), true);
  assert.equal(world.wire.frames.length, 1, "inside begin");
  world.attach({});
  world.setup();
  assert.equal(world.wire.frames.length, 1);
  await world.pass(0);
  assert.deepEqual(world.server.heard, ["DISCOVER", "REQUEST 10.1.0.100 @10.1.0.1"]);
  assert.equal(numbers(world), 1);
  assert.deepEqual([world.granted, world.told], [["10.1.0.100"], ["up 10.1.0.100"]]);
  assert.match(world.steps.join(), /asks for an address|offers|grants/);
});

test("a known lease is asked for at once, in one message", async (t) => {
  const world = await worldWithLease(t);
  plug(world);
  await world.pass(0);
  assert.deepEqual(world.server.heard, ["REQUEST 10.1.0.100"]);
  assert.deepEqual(world.told, ["up 10.1.0.100"]);
  assert.equal(world.settings?.ipv4?.validSeconds, 1000, "counted from the question");
});

test("a lease that runs out before the carrier comes is a wish and no more", async (t) => {
  const world = await worldWithLease(t);
  const standby = world.standBy();
  await world.pass(1500);
  standby.begin();
  world.attach({});
  world.setup();
  await world.pass(0);
  assert.deepEqual(world.server.heard, ["DISCOVER 10.1.0.100", "REQUEST 10.1.0.100 @10.1.0.1"]);
});

test("an owner that comes without the carrier having been told begins by itself", async (t) => {
  const world = new World(t);
  world.standBy();
  world.attach({});
  await world.up();
  assert.deepEqual(world.server.heard, ["DISCOVER", "REQUEST 10.1.0.100 @10.1.0.1"]);
  assert.equal(numbers(world), 1);
});

const others: Readonly<Record<string, [Dhcp4Config, Partial<ProtocolLink>]>> = {
  "other settings": [{ hostname: "other" }, {}],
  "another hardware address": [{}, { mac: "02:00:00:00:00:ab" }],
  "another MTU": [{}, { mtu: 9000 }],
};
for (const [what, [config, change]] of Object.entries(others)) {
  test(`an owner with ${what} asks anew, with a number of its own`, async (t) => {
    const world = new World(t, {}, { silent: true });
    const questions = new FakeDhcpServer(world.wire, { mac: "02:00:00:00:00:02", pool: [] });
    world.standBy().begin();
    world.attach(config, { ...link, ...change });
    world.setup();
    await world.pass(0);
    assert.deepEqual(questions.heard, ["DISCOVER", "DISCOVER"]);
    const [first, second] = questions.received;
    assert.notEqual(first?.transactionId, second?.transactionId);
    assert.equal(second?.hardwareAddress, change.mac ?? link.mac);
    questions.send(offerTo(first as DhcpMessage));
    await world.pass(0);
    assert.equal(questions.heard.length, 2, "the answer to the first question has no session");
  });
}

test("without an owner it is over after a second: nothing listens, no timer is left, late answers change nothing", async (t) => {
  const world = new World(t, {}, { silent: true });
  const questions = new FakeDhcpServer(world.wire, { mac: "02:00:00:00:00:02", pool: [] });
  const standby = world.standBy();
  standby.begin();
  await world.pass(0.9);
  assert.equal(world.packets.listeners, 1);
  await world.pass(0.2);
  assert.deepEqual([world.packets.listeners, world.clock.pendingTimers()], [0, []]);
  questions.send(offerTo(questions.received[0] as DhcpMessage));
  await world.pass(10);
  assert.deepEqual([questions.heard, world.keeper.text], [["DISCOVER"], undefined]);
  world.server.config.silent = false;
  world.attach({});
  await world.up();
});

test("while the link must wait after a refusal, nothing leaves with the carrier", async (t) => {
  const world = new World(t, {}, { refuses: true });
  world.setup();
  await world.pass(2);
  await world.session.teardown({ force: true });
  const before = world.server.heard.length;
  const standby = world.standBy();
  standby.begin();
  await world.pass(0);
  assert.equal(world.server.heard.length, before);
  standby.end();
});

test("a question that the kernel did not take is asked again in the same turn", async (t) => {
  const world = new World(t);
  const standby = world.standBy();
  const open = world.packets.open("dhcp4-client", link.index);
  const failing = t.mock.method(Object.getPrototypeOf(open), "send", () => {
    failing.mock.restore();
    return false;
  });
  open.close();
  standby.begin();
  world.attach({});
  world.setup();
  await world.pass(0);
  assert.deepEqual(world.told, ["up 10.1.0.100"]);
});

test("begin and end may come twice, in any order", async (t) => {
  const world = new World(t, {}, { silent: true });
  const standby = world.standBy();
  assert.deepEqual([standby.begin(), standby.begin()], [true, false]);
  assert.equal(world.wire.frames.length, 1);
  standby.end();
  standby.end();
  assert.equal(standby.begin(), false);
  await world.pass(20);
  assert.deepEqual([world.wire.frames.length, world.packets.listeners], [1, 0]);
});

test("the end of a standby does not end the session of an owner", async (t) => {
  const world = new World(t);
  const standby = world.standBy();
  standby.begin();
  world.attach({});
  world.setup();
  standby.end();
  await world.pass(2);
  assert.deepEqual(world.told, ["up 10.1.0.100"]);
});

test("a link that goes takes its standby along", async (t) => {
  const world = new World(t);
  const standby = world.standBy();
  standby.begin();
  world.handler.forgetLink(link.index);
  await world.pass(2);
  assert.deepEqual([world.packets.openChannels, world.clock.pendingTimers(), world.keeper.text], [0, [], undefined]);
});

// --- messages of strangers ---

const offerTo = (question: DhcpMessage): DhcpMessage => ({
  ...question,
  ...{ op: "reply", type: "offer", yourAddress: "10.1.0.66" },
  options: new Map([[54, Buffer.of(10, 1, 0, 66)]]),
});

/** State a second after a carrier with a known lease, where answers are as `spoil` makes them. */
async function outcome(t: TestContext, isPrepared: boolean, spoil: (answer: DhcpMessage) => DhcpMessage) {
  const world = await worldWithLease(t);
  world.server.config.spoil = (answer) => void world.server.send(spoil(answer));
  if (isPrepared) world.standBy().begin();
  world.attach({});
  world.setup();
  await world.pass(0.5);
  const { told, granted, ignored, server } = world;
  return { told, granted, ignored, heard: server.heard };
}

const spoilt: Readonly<Record<string, [(answer: DhcpMessage) => DhcpMessage, taken: string[], object]>> = {
  "an ACK with another number": [
    (answer) => ({ ...answer, transactionId: answer.transactionId ^ 1 }),
    [],
    { "other-transaction": 1 },
  ],
  "an ACK for another client": [
    (answer) => ({ ...answer, hardwareAddress: "02:00:00:00:00:ab" }),
    [],
    { "other-client": 1 },
  ],
  "an OFFER to a REQUEST": [(answer) => ({ ...answer, type: "offer" }), [], { "unexpected-type": 1 }],
  "an ACK of an address that no host has": [(answer) => ({ ...answer, yourAddress: "127.0.0.1" }), [], { unusable: 1 }],
  "an ACK that is no reply": [(answer) => ({ ...answer, op: "request" }), [], { "not-a-reply": 1 }],
  "an ACK of another address than was asked for, which is the server's to give,": [
    (answer) => ({ ...answer, yourAddress: "10.1.0.102" }),
    ["10.1.0.102"],
    {},
  ],
};
for (const [what, [spoil, taken, ignored]] of Object.entries(spoilt)) {
  test(`${what} counts as it does without a standby`, async (t) => {
    const [fast, slow] = [await outcome(t, true, spoil), await outcome(t, false, spoil)];
    assert.deepEqual(fast, slow);
    const told = taken.map((address) => `up ${address}`);
    assert.deepEqual(fast, { told, granted: taken, ignored, heard: ["REQUEST 10.1.0.100"] });
  });
}

test("an answer that comes before the question is none, even with its number", async (t) => {
  const world = await worldWithLease(t);
  await world.up();
  const question = world.server.received[0] as DhcpMessage;
  await world.session.teardown({ force: true });
  world.told.length = 0;
  world.server.config.spoil = () => undefined;
  const standby = world.standBy();
  const transactionId = question.transactionId + 1;
  for (const number of [0, transactionId])
    world.server.send({ ...offerTo(question), type: "ack", transactionId: number });
  await world.pass(1);
  standby.begin();
  world.attach({});
  world.setup();
  await world.pass(0.5);
  assert.equal(world.server.received.at(-1)?.transactionId, transactionId);
  assert.deepEqual([world.told, world.granted.length], [[], 1]);
});

test("a network that refuses the known lease gives another one in the same turn", async (t) => {
  const world = await worldWithLease(t);
  world.server.leases.clear();
  world.server.config.pool = ["10.1.0.150"];
  plug(world);
  await world.pass(0);
  assert.deepEqual(world.server.heard, ["REQUEST 10.1.0.100", "DISCOVER", "REQUEST 10.1.0.150 @10.1.0.1"]);
  assert.equal(numbers(world), 2, "the refused question's number is used no more");
  assert.deepEqual([world.granted, world.told], [["10.1.0.150"], ["up 10.1.0.150"]]);
});

test("of two servers that confirm the known lease the first is taken, and the second changes nothing", async (t) => {
  const world = await worldWithLease(t);
  const second = new FakeDhcpServer(world.wire, { mac: "02:00:00:00:00:02", serverId: "10.1.0.2" });
  second.leases.set(link.mac, "10.1.0.100");
  plug(world);
  await world.pass(0.5);
  assert.deepEqual(second.heard, ["REQUEST 10.1.0.100"]);
  assert.deepEqual([world.granted, world.told], [["10.1.0.100"], ["up 10.1.0.100"]]);
});
