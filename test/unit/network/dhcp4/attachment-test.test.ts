import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { Dhcp4Config } from "../../../../src/network/protocols/dhcp4/config.ts";
import { bytesOf } from "../../../fakes/fake-dhcp-server.ts";
import { clientMac, World } from "./world.ts";

const gatewayMac = "02:00:00:00:00:01";
const gateway = "10.1.0.1";

/** Requests as "mac asks for address as address", in the order heard. */
interface Gateway {
  readonly heard: string[];
}

/** A host that answers ARP requests for `address`, from `mac` or under another name. */
function addGateway(world: World, { mac = gatewayMac, claims = gateway, answersFor = gateway } = {}): Gateway {
  const heard: string[] = [];
  const station = world.wire.station(mac, ({ type, payload, sourceMac, destinationMac }) => {
    if (type !== "arp" || sourceMac !== clientMac || destinationMac !== mac || payload.readUInt16BE(6) !== 1) return;
    const ip = (at: number) => [...payload.subarray(at, at + 4)].join(".");
    heard.push(`${ip(24)} as ${ip(14)}`);
    if (ip(24) !== answersFor) return;
    const reply = Buffer.from(payload);
    reply.writeUInt16BE(2, 6);
    reply.set(Buffer.from(mac.replaceAll(":", ""), "hex"), 8);
    reply.set(bytesOf(claims), 14);
    payload.copy(reply, 18, 8, 18);
    station.send(clientMac, "arp", reply);
  });
  return { heard };
}

/**
 * The keeper holds a lease of 10.1.0.100 by 10.1.0.1, which is also the gateway; the session is down, the server
 * silent.
 */
async function worldWithLease(t: TestContext, config: Dhcp4Config = {}) {
  const world = new World(t, config, { leaseSeconds: 1000, options: new Map([[3, bytesOf(gateway)]]) });
  await world.up();
  await world.pass(1);
  await world.session.teardown({ force: true });
  world.server.received.length = 0;
  world.told.length = 0;
  world.server.config.silent = true;
  return world;
}

test("the known gateway answers: the address is used before a server has said anything", async (t) => {
  const world = await worldWithLease(t);
  const { heard } = addGateway(world);
  await world.up();
  assert.deepEqual(heard, [`${gateway} as 10.1.0.100`]);
  assert.deepEqual(world.told, ["up 10.1.0.100"]);
  assert.equal(world.state, "rebooting");
  assert.match(world.steps.at(-1) ?? "", /uses 10\.1\.0\.100 again: its gateway 10\.1\.0\.1 answers/);
});

test("the server confirms afterwards, and the lease begins anew", async (t) => {
  const world = await worldWithLease(t);
  addGateway(world);
  await world.up();
  world.server.config.silent = false;
  await world.pass(5);
  assert.equal(world.state, "bound");
  assert.deepEqual(world.told, ["up 10.1.0.100", "settings 10.1.0.100"]);
});

test("a server that refuses takes the address back", async (t) => {
  const world = await worldWithLease(t);
  addGateway(world);
  await world.up();
  world.server.config.silent = false;
  world.server.config.refuses = true;
  await world.pass(5);
  assert.deepEqual(world.told, ["up 10.1.0.100", "lost nak"]);
  assert.equal(world.keeper.text, undefined);
});

test("another host with the gateway's address is another network", async (t) => {
  const world = await worldWithLease(t);
  const { heard } = addGateway(world, { mac: "02:00:00:00:00:77" });
  world.setup();
  await world.pass(1);
  assert.deepEqual([heard, world.told], [[], []]);
});

test("the known host that answers for another address is not taken for the gateway", async (t) => {
  const world = await worldWithLease(t);
  addGateway(world, { claims: "10.9.0.1" });
  world.setup();
  await world.pass(1);
  assert.deepEqual(world.told, []);
});

test("an answer that comes before the question, or after a server's refusal, counts for nothing", async (t) => {
  const world = await worldWithLease(t);
  world.server.config.silent = false;
  world.server.config.refuses = true;
  world.setup();
  await world.clock.advanceSettled(0);
  addGateway(world);
  await world.pass(1);
  assert.deepEqual(world.told, []);
});

for (const mac of ["00:00:5e:00:01:05", "00:00:0c:07:ac:0a", "01:00:5e:00:00:01"]) {
  test(`a gateway that is ${mac} in many networks is not asked`, async (t) => {
    const world = await worldWithLease(t);
    world.keeper.text = JSON.stringify({ ...JSON.parse(world.keeper.text as string), serverMac: mac });
    const { heard } = addGateway(world, { mac });
    world.setup();
    await world.pass(1);
    assert.deepEqual([heard, world.told], [[], []]);
  });
}

test("a lease near its end is not used before a server has spoken", async (t) => {
  const world = await worldWithLease(t);
  await world.pass(900);
  const { heard } = addGateway(world);
  world.setup();
  await world.pass(1);
  assert.deepEqual([heard, world.told], [[], []]);
});

const strict: readonly Dhcp4Config[] = [{ conflictDetection: "before-use" }, { useUnconfirmedLease: false }];
for (const config of strict) {
  test(`${Object.keys(config)} leaves the address to the server alone`, async (t) => {
    const world = await worldWithLease(t);
    const { heard } = addGateway(world);
    world.attach(config);
    world.setup();
    await world.pass(1);
    assert.deepEqual([heard, world.told], [[], []]);
  });
}

test("the question leaves with the carrier, and an owner that comes later has the answer", async (t) => {
  const world = await worldWithLease(t);
  const { heard } = addGateway(world);
  const standby = world.standBy();
  assert.deepEqual(heard, []);
  standby?.begin();
  await world.clock.settle();
  assert.deepEqual(heard, [`${gateway} as 10.1.0.100`]);
  world.attach({});
  await world.up();
  assert.deepEqual(world.told, ["up 10.1.0.100"]);
  assert.equal(heard.length, 1);
});

for (const [age, seconds] of [
  ["near its end", 900],
  ["to its end", 1100],
] as const) {
  test(`no gateway is asked about a lease that came ${age} while the link waited for its carrier`, async (t) => {
    const world = await worldWithLease(t);
    const { heard } = addGateway(world);
    const standby = world.standBy();
    await world.pass(seconds);
    standby?.begin();
    await world.clock.settle();
    assert.deepEqual(heard, []);
    world.attach({});
    world.setup();
    await world.pass(1);
    assert.deepEqual([heard, world.told], [[], []]);
  });
}
