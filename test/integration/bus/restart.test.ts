import assert from "node:assert/strict";
import { test } from "node:test";
import { silentLog } from "../../../src/base/log.ts";
import { BusClient } from "../../../src/bus/bus-client.ts";
import { FakeClock } from "../../fakes/fake-clock.ts";
import { requirePrivateNamespace } from "../../harness/namespace.ts";
import { until } from "../../harness/until.ts";
import { RawPeer } from "./raw-peer.ts";
import { connect, exportSample, privateBus, runProgram, sampleInterface } from "./support.ts";

requirePrivateNamespace();

const name = "org.fairlead.Test";

test("after the bus was killed and started again, name, objects and signals are back", async (t) => {
  const bus = await privateBus(t);
  const client = await connect(t, bus.address);
  const { sample } = exportSample(client);
  await client.requestName(name);
  const states: string[] = [];
  client.onConnection((state) => states.push(state));
  for (let round = 1; round <= 3; round++) {
    bus.process.kill("SIGKILL");
    await bus.process.exited;
    await until("the loss is known", () => states.length === 2 * round - 1);
    sample.change("Name", `round ${round}`);
    await bus.start();
    await until("it is back", () => states.length === 2 * round);
    const get = ["call", "--address", bus.address, "--dest", name, "--object-path", "/sample", "--method"];
    const { text } = await runProgram(t, "gdbus", [...get, `${sampleInterface}.GetProperties`], bus.address);
    assert.match(text, new RegExp(`'Name': <'round ${round}'>`));
  }
  assert.deepEqual(states, ["lost", "restored", "lost", "restored", "lost", "restored"]);
});

test("a name that another client took meanwhile is told of", async (t) => {
  const bus = await privateBus(t);
  const clock = new FakeClock();
  const client = new BusClient({ address: bus.address, clock, log: silentLog });
  t.after(() => client.close());
  await client.connect();
  await client.requestName(name);
  const states: string[] = [];
  client.onConnection((state, detail) => states.push(state === "name-taken" ? `${state} ${detail}` : state));
  await bus.restart();
  await until("the loss is known", () => states.length === 1);
  const thief = await RawPeer.connect(t, bus.address);
  const request = { path: "/", interface: "org.freedesktop.DBus", member: "RequestName", signature: "su" };
  assert.deepEqual((await thief.call({ ...request, body: [name, 4] })).args, [1]);
  clock.advance(50);
  await until("the theft is told", () => states.length === 3);
  assert.deepEqual(states, ["lost", "restored", `name-taken ${name}`]);
});

test("a second daemon finds the name taken", async (t) => {
  const { address } = await privateBus(t);
  const [first, second] = [await connect(t, address), await connect(t, address)];
  assert.equal(await first.requestName(name), "owner");
  assert.equal(await second.requestName(name), "taken");
});
