import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { requirePrivateNamespace, run } from "../../harness/namespace.ts";
import { until } from "../../harness/until.ts";
import { startEcho, startProbes } from "./probe-stream.ts";
import { makeRealWorld, type RealWorldOptions, wish } from "./real-world.ts";

requirePrivateNamespace();

const farHost = "10.9.9.9";
const everyMs = 10;

async function makeFailoverWorld(t: TestContext, options: RealWorldOptions = {}) {
  const world = await makeRealWorld(t, options);
  world.peer.exec("ip", "address", "add", `${farHost}/32`, "dev", "lo");
  await startEcho(t, world.peer, farHost);
  return world;
}
type World = Awaited<ReturnType<typeof makeFailoverWorld>>;

/** Pulls eth0 and plugs it again, under probes. `onLoss`: the daemon's action when it hears of the lost carrier. */
async function pullAndPlug(t: TestContext, world: World, onLoss: () => void, onReturn: () => void): Promise<void> {
  const { cables, rtnl, eth0, applier } = world;
  await applier.settled();
  const probes = await startProbes(t, farHost, everyMs);
  await probes.answers(20);
  assert.match(run("ip", ["route", "get", farHost]), /dev eth0/);
  await probes.atQuietMoment(() => cables.eth0.unplug());
  await until("the carrier is gone", () => rtnl.snapshot.links.get(eth0)?.hasCarrier === false);
  onLoss();
  await probes.answers(30);
  assert.match(run("ip", ["route", "get", farHost]), /dev eth1/);
  await probes.atQuietMoment(() => cables.eth0.plug());
  await until("the carrier is back", () => rtnl.snapshot.links.get(eth0)?.hasCarrier === true);
  onReturn();
  await applier.settled();
  await probes.answers(30);
  const { sent, lost } = await probes.end();
  t.diagnostic(`${lost} of ${sent} probes lost`);
  assert.equal(lost, 0);
}

test("a pulled cable loses no probe even without any reaction", async (t) => {
  const world = await makeFailoverWorld(t);
  world.applier.setNetwork(world.eth0, wish("10.1.0.2/24", "10.1.0.1"));
  world.applier.setNetwork(world.eth1, wish("10.2.0.2/24", "10.2.0.1"));
  await pullAndPlug(
    t,
    world,
    () => {},
    () => {},
  );
});

test("a pulled cable loses no probe when its network is taken down and set up again", async (t) => {
  const world = await makeFailoverWorld(t);
  const { applier, eth0, eth1 } = world;
  applier.setRanks([eth0, eth1]);
  applier.setNetwork(eth0, wish("10.1.0.2/24", "10.1.0.1"));
  applier.setNetwork(eth1, wish("10.2.0.2/24", "10.2.0.1"));
  await pullAndPlug(
    t,
    world,
    () => applier.release(eth0),
    () => applier.setNetwork(eth0, wish("10.1.0.2/24", "10.1.0.1")),
  );
  assert.match(run("ip", ["route", "get", farHost]), /dev eth0/);
});

test("a pulled cable loses no probe with both cables in one subnet", async (t) => {
  const world = await makeFailoverWorld(t, { routerAddresses: undefined });
  const { applier, eth0, eth1 } = world;
  applier.setRanks([eth0, eth1]);
  applier.setNetwork(eth0, wish("10.1.0.2/24", "10.1.0.1"));
  applier.setNetwork(eth1, wish("10.1.0.3/24", "10.1.0.1"));
  await pullAndPlug(
    t,
    world,
    () => applier.release(eth0),
    () => applier.setNetwork(eth0, wish("10.1.0.2/24", "10.1.0.1")),
  );
});

test("changes of rank lose no probe", async (t) => {
  const world = await makeFailoverWorld(t);
  const { applier, eth0, eth1 } = world;
  applier.setNetwork(eth0, wish("10.1.0.2/24", "10.1.0.1"));
  applier.setNetwork(eth1, wish("10.2.0.2/24", "10.2.0.1"));
  await applier.settled();
  const probes = await startProbes(t, farHost, 1);
  for (let round = 0; round < 20; round++) {
    await probes.answers(5);
    applier.setRanks(round % 2 === 0 ? [eth1, eth0] : [eth0, eth1]);
  }
  await probes.answers(20);
  const { sent, lost } = await probes.end();
  t.diagnostic(`${lost} of ${sent} probes lost`);
  assert.equal(lost, 0);
});
