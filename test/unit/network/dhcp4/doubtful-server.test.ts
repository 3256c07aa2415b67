import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { DhcpMessage } from "../../../../src/network/protocols/dhcp4/message.ts";
import { FakeDhcpServer } from "../../../fakes/fake-dhcp-server.ts";
import { World } from "./world.ts";

const withoutAck = (answer: DhcpMessage) => (answer.type === "ack" ? undefined : answer);

/** The quicker of two servers offers and never confirms. */
function twoServers(t: TestContext, bad: object = { spoil: withoutAck }) {
  const world = new World(t, {}, bad);
  const good = new FakeDhcpServer(world.wire, {
    ...{ mac: "02:00:00:00:00:02", serverId: "10.1.0.2", pool: ["10.1.0.200"], authoritative: false },
  });
  return { world, good };
}

test("a server that offers and never confirms is passed over for another one", async (t) => {
  const { world, good } = twoServers(t);
  world.setup();
  await world.pass(12.1);
  assert.deepEqual(world.told, ["up 10.1.0.200"]);
  const words = world.server.heard.map((line) => line.replace(" broadcast-flag", ""));
  const request = "REQUEST 10.1.0.100 @10.1.0.1";
  assert.deepEqual(words, ["DISCOVER", request, request, "DISCOVER", "REQUEST 10.1.0.200 @10.1.0.2"]);
  assert.equal(good.heard.at(-1), "REQUEST 10.1.0.200 @10.1.0.2 broadcast-flag");
  assert.deepEqual(world.oddities, [
    "server 10.1.0.1 does not confirm what it offered; offers of others are preferred",
  ]);
});

test("so is one that refuses its own offers, as soon as that is no chance any more", async (t) => {
  const { world } = twoServers(t, { refuses: true });
  world.setup();
  await world.pass(8);
  assert.deepEqual(world.told, ["up 10.1.0.200"]);
});

test("it is remembered by the link: the next session does not try it first", async (t) => {
  const { world } = twoServers(t);
  world.setup();
  await world.pass(13);
  await world.session.teardown({ force: false });
  world.attach({});
  world.setup();
  await world.pass(0.1);
  assert.deepEqual(world.told, ["up 10.1.0.200", "up 10.1.0.200"]);
});

test("an offer that comes while a doubtful one waits is taken at once", async (t) => {
  const { world, good } = twoServers(t);
  world.setup();
  await world.pass(11);
  good.config.silent = true;
  await world.pass(2);
  assert.deepEqual([world.state, world.told], ["selecting", []]);
  good.config.silent = false;
  const question = world.server.received.at(-1) as DhcpMessage;
  const grant = { ...question, op: "reply", type: "offer", yourAddress: "10.1.0.200" } as const;
  good.send({ ...grant, options: new Map([[54, Buffer.of(10, 1, 0, 2)]]) });
  await world.pass(0.1);
  assert.deepEqual(world.told, ["up 10.1.0.200"]);
});

test("where the other server is gone, the doubtful one is asked again after a wait", async (t) => {
  const { world, good } = twoServers(t);
  world.setup();
  await world.pass(11);
  good.config.silent = true;
  world.server.config.spoil = (answer) => answer;
  await world.pass(4);
  assert.deepEqual([world.state, world.told], ["selecting", []]);
  await world.pass(1);
  assert.deepEqual(world.told, ["up 10.1.0.100"]);
  assert.deepEqual(world.session.inspect().unconfirmedOffers, {}, "it has confirmed");
});

test("an only server that fails loses no time at first, then others are waited for", async (t) => {
  const world = new World(t, { acquisitionLimitMs: 600_000 }, { refuses: true });
  world.setup();
  await world.pass(3.1);
  assert.deepEqual(world.session.inspect().unconfirmedOffers, { "10.1.0.1": 4 });
  await world.pass(4);
  assert.equal(world.state, "selecting", "the fifth offer waits");
  const late = new FakeDhcpServer(world.wire, { mac: "02:00:00:00:00:02", serverId: "10.1.0.2", pool: ["10.1.0.200"] });
  const question = world.server.received.at(-1) as DhcpMessage;
  late.send({
    ...question,
    op: "reply",
    type: "offer",
    yourAddress: "10.1.0.200",
    options: new Map([[54, Buffer.of(10, 1, 0, 2)]]),
  });
  await world.pass(0.1);
  assert.deepEqual(world.told, ["up 10.1.0.200"]);
});

test("a server that never confirms is asked ever more rarely, also while a lease is in use", async (t) => {
  const world = new World(t);
  await world.up();
  world.server.leases.clear();
  Object.assign(world.server.config, { spoil: withoutAck, authoritative: false });
  world.session.renew();
  await world.pass(1000);
  const early = world.server.received.length;
  await world.pass(1000);
  assert.ok(early < 80, String(early));
  assert.ok(world.server.received.length - early <= 60, String(world.server.received.length - early));
  assert.deepEqual(world.told, ["up 10.1.0.100"]);
});

test("after ten minutes a doubtful server is as good as any other", async (t) => {
  const { world } = twoServers(t);
  world.setup();
  await world.pass(13);
  await world.session.teardown({ force: false });
  world.server.config.spoil = (answer) => answer;
  await world.pass(601);
  world.attach({});
  world.setup();
  await world.pass(0.1);
  assert.equal(world.told.at(-1), "up 10.1.0.100");
});

test("servers without end are not all remembered", async (t) => {
  let serial = 0;
  const options = ({ options }: DhcpMessage) => new Map([...options, [54, Buffer.of(10, 2, 0, ++serial)] as const]);
  const world = new World(
    t,
    { acquisitionLimitMs: 3_600_000 },
    { spoil: (answer) => ({ ...answer, options: options(answer) }) },
  );
  world.setup();
  await world.pass(3000);
  const remembered = Object.keys(world.session.inspect().unconfirmedOffers as object);
  assert.ok(remembered.length > 1 && remembered.length <= 32, String(remembered.length));
});
