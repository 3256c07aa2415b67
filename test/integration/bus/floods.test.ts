import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { MessageType } from "../../../src/bus/wire/message.ts";
import { requirePrivateNamespace } from "../../harness/namespace.ts";
import type { PrivateBusOptions } from "../../harness/private-bus.ts";
import { until } from "../../harness/until.ts";
import { RawPeer } from "./raw-peer.ts";
import { connect, exportSample, privateBus, sampleInterface } from "./support.ts";

requirePrivateNamespace();

const name = "org.fairlead.Test";
const standard = (short: string) => `org.freedesktop.DBus.Error.${short}`;
const mebibyte = 1024 * 1024;
const sample = { type: MessageType.METHOD_CALL, destination: name, path: "/sample", interface: sampleInterface };
const echo = { ...sample, member: "Echo", signature: "s" };
/** A bus that lets through more than we take. */
const generous = {
  max_message_size: 64 * mebibyte,
  max_incoming_bytes: 1024 * mebibyte,
  max_outgoing_bytes: 1024 * mebibyte,
};

async function meet(t: TestContext, limits: PrivateBusOptions["limits"] = generous, stallMs = 5_000) {
  const { address } = await privateBus(t, { limits });
  const bus = await connect(t, address, { stallMs });
  const { sample: model } = exportSample(bus);
  await bus.requestName(name);
  const peer = await RawPeer.connect(t, address);
  const states: string[] = [];
  bus.onConnection((state, detail) => states.push(`${state} ${detail}`));
  const answers = async () => assert.deepEqual((await peer.call({ ...echo, body: ["here"] })).args, ["here"]);
  return { address, bus, model, peer, states, answers };
}
/** Resident memory in MiB once garbage is gone, as far as that can be had. */
function residentMiB(): number {
  globalThis.gc?.();
  return process.memoryUsage.rss() / mebibyte;
}

test("messages of 20 MB are refused one by one, without piling up in memory", async (t) => {
  const { peer, states, answers } = await meet(t);
  const large = "x".repeat(20_000_000);
  const before = residentMiB();
  for (let round = 0; round < 10; round++) {
    const reply = await peer.call({ ...echo, body: [large] });
    assert.equal(reply.message.errorName, standard("LimitsExceeded"));
    assert.match(String(reply.args[0]), /message of 200\d{5} bytes, the most is 16777216/);
    await answers();
  }
  // The stranger lives in this process too and holds the 20 MB it sends, twice.
  assert.ok(residentMiB() - before < 150, `grew by ${residentMiB() - before} MiB`);
  assert.deepEqual(states, []);
});

test("a message of 15 MB is an ordinary message", async (t) => {
  const { peer, answers } = await meet(t);
  const large = "ä".repeat(7_500_000);
  const reply = await peer.call({ ...echo, body: [large] });
  assert.ok(reply.args[0] === large);
  await answers();
});

test("a message that would become millions of objects is refused", async (t) => {
  const { peer, answers } = await meet(t);
  const arrays = { signature: "aay", value: Array.from({ length: 3_000_000 }, () => []) };
  const timed = async (init: Parameters<RawPeer["call"]>[0]) => {
    const before = process.cpuUsage();
    const reply = await peer.call({ ...init, signature: "v", body: [arrays] });
    const { user, system } = process.cpuUsage(before);
    return { reply, ms: (user + system) / 1000 };
  };
  // The bus itself refuses it without a look at its body: this is the cost of writing and sending.
  const bus = await timed({ path: "/", interface: "org.freedesktop.DBus", member: "NoSuchMethod" });
  assert.equal(bus.reply.message.errorName, standard("UnknownMethod"));
  const { reply, ms } = await timed({ ...sample, member: "EchoVariant" });
  assert.equal(reply.message.errorName, standard("InvalidArgs"));
  assert.match(String(reply.args[0]), /too many values/);
  t.diagnostic(`${Math.round(ms)} ms of CPU, of which ${Math.round(bus.ms)} are for writing and sending`);
  // Without the limit it is a hundredfold, with it five.
  assert.ok(ms < 20 * bus.ms, `${ms} ms of CPU, written and sent in ${bus.ms} ms`);
  await answers();
});

test("paths and names of any length are answered with a short error", async (t) => {
  const { peer, answers } = await meet(t);
  const path = `/${"x".repeat(mebibyte)}`;
  for (const strange of [{ path }, { path: `${"/x".repeat(100_000)}` }, { member: "x".repeat(255) }]) {
    const reply = await peer.call({ ...echo, body: ["x"], ...strange });
    assert.equal(reply.message.type, MessageType.ERROR);
    assert.ok(String(reply.args[0]).length <= 1000);
  }
  for (const member of ["Get", "Set", "GetAll"]) {
    const [signature, body] = {
      Get: ["ss", [sampleInterface, "x".repeat(mebibyte)]],
      Set: ["ssv", [sampleInterface, "x".repeat(mebibyte), { signature: "s", value: "" }]],
      GetAll: ["s", ["x".repeat(mebibyte)]],
    }[member] as [string, unknown[]];
    const call = { ...sample, interface: "org.freedesktop.DBus.Properties", member, signature, body };
    const reply = await peer.call(call);
    assert.equal(reply.message.type, MessageType.ERROR);
    assert.ok(String(reply.args[0]).length <= 1000);
  }
  await answers();
});

test("a client that never reads its signals costs us nothing while 100,000 are sent", async (t) => {
  const { address, model, peer, states, answers } = await meet(t);
  const deaf = await RawPeer.connect(t, address);
  const rule = { path: "/", interface: "org.freedesktop.DBus", member: "AddMatch", signature: "s" };
  await deaf.call({ ...rule, body: [`type='signal',sender='${name}'`] });
  await peer.call({ ...rule, body: [`type='signal',sender='${name}',arg0='last'`] });
  deaf.stopReading();
  for (let count = 0; count < 100_000; count++) {
    model.exported?.emit(sampleInterface, "Happened", [count % 1000 === 0 ? "x".repeat(1000) : "again"]);
    // As in the daemon, other events have their turn in between.
    if (count % 1000 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  model.exported?.emit(sampleInterface, "Happened", ["last"]);
  await until("the last is heard", () => peer.heard.some(({ args }) => args[0] === "last"), 20_000);
  await answers();
  assert.deepEqual(states, []);
});

test("where a deaf client makes the bus stop reading us, the connection is made anew and all goes on", async (t) => {
  // The bus counts messages for the deaf one as ours, and reads no more of us once that is too much.
  const limits = { max_incoming_bytes: mebibyte, max_outgoing_bytes: 512 * mebibyte, max_message_size: 8 * mebibyte };
  const { address, model, peer, states, answers } = await meet(t, limits, 300);
  const deaf = await RawPeer.connect(t, address);
  const rule = { path: "/", interface: "org.freedesktop.DBus", member: "AddMatch", signature: "s" };
  await deaf.call({ ...rule, body: [`type='signal',interface='${sampleInterface}'`] });
  await peer.call({ ...rule, body: ["type='signal',member='InterfacesAdded'"] });
  deaf.stopReading();
  await until(
    "the bus has stopped reading us and we have noticed",
    () => {
      for (let count = 0; count < 50; count++) model.exported?.emit(sampleInterface, "Happened", ["x".repeat(10_000)]);
      return states.some((state) => state.startsWith("lost the bus has read others, and nothing of ours"));
    },
    15_000,
  );
  await until("we are back", () => states.some((state) => state.startsWith("restored")));
  assert.deepEqual(
    states.filter((state) => state.startsWith("name-taken")),
    [],
  );
  await answers();
  await until("objects are announced anew", () =>
    peer.heard.some(({ message }) => message.member === "InterfacesAdded"),
  );
});
