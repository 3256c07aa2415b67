import assert from "node:assert/strict";
import { test } from "node:test";
import { defaultLimits } from "../../../../src/bus/wire/limits.ts";
import { MessageType, makeMessage, readMessage, writeMessage } from "../../../../src/bus/wire/message.ts";
import { type Signal, writeSignal } from "../../../../src/bus/wire/signal.ts";
import { WireError } from "../../../../src/bus/wire/wire-error.ts";
import { Writer } from "../../../../src/bus/wire/writer.ts";

const changed: Signal = {
  path: "/service/0",
  interface: "org.chromium.flimflam.Service",
  member: "PropertyChanged",
  signature: "sv",
};
const state = ["State", { signature: "s", value: "ready" }];
const written = (writer: Writer): Buffer => Buffer.from(writer.bytes.subarray(0, writer.position));

const bytesOf = (signal: Signal, body: Parameters<typeof writeSignal>[4]): Buffer => {
  const writer = new Writer();
  writeSignal(writer, signal, 7, defaultLimits, body);
  return written(writer);
};
const asMessage = (signal: Signal, body: readonly unknown[]): Buffer => {
  const writer = new Writer();
  writeMessage(writer, makeMessage({ type: MessageType.SIGNAL, ...signal, body }), 7, defaultLimits);
  return written(writer);
};

const signals: readonly (readonly [Signal, readonly unknown[]])[] = [
  [changed, state],
  [{ ...changed, path: "/" }, state],
  [{ ...changed, path: "/device/eth0_with_a_longer_name" }, state],
  [{ ...changed, member: "Gone", signature: "" }, []],
  [{ ...changed, member: "Event", signature: "soa{sv}" }, ["a", "/b", new Map([["c", state[1]]])]],
];
for (const [signal, body] of signals) {
  test(`${signal.member} of ${signal.path} has the bytes of any other message`, () => {
    assert.deepEqual(bytesOf(signal, body), asMessage(signal, body));
    assert.deepEqual(bytesOf(signal, body), asMessage(signal, body), "the second of its kind");
  });
}

test("a destination is told", () => {
  const received = readMessage(bytesOf({ ...changed, destination: ":1.5" }, state), defaultLimits);
  const { type, serial, path, member, destination, signature } = received.message;
  assert.deepEqual(
    [type, serial, path, member, destination, signature],
    [4, 7, "/service/0", "PropertyChanged", ":1.5", "sv"],
  );
  assert.equal(received.body()[0], "State");
});

test("a marshalled body is taken as it is", () => {
  const whole = asMessage(changed, state);
  const bodyLength = whole.readUInt32LE(4);
  const marshalled = [whole.subarray(whole.length - bodyLength)];
  assert.deepEqual(bytesOf(changed, { marshalled }), whole);
});

const refused: Readonly<Record<string, readonly [Signal, readonly unknown[]]>> = {
  "a path": [{ ...changed, path: "service" }, state],
  "an interface": [{ ...changed, interface: "flimflam" }, state],
  "a member": [{ ...changed, member: "Property Changed" }, state],
  "a destination": [{ ...changed, destination: "nobody" }, state],
  "a signature": [{ ...changed, signature: "z" }, state],
  "a value": [changed, ["State", { signature: "s", value: 1 }]],
  "a number of values": [changed, ["State"]],
};
for (const [what, [signal, body]] of Object.entries(refused)) {
  test(`${what} that is not valid is refused each time, and what came before it stays`, () => {
    const writer = new Writer();
    writeSignal(writer, changed, 7, defaultLimits, state);
    const before = written(writer);
    for (const _ of [1, 2]) {
      assert.throws(() => writeSignal(writer, signal, 8, defaultLimits, body), WireError);
      assert.deepEqual(written(writer), before);
    }
  });
}

test("a signal larger than the limit is refused", () => {
  const limits = { ...defaultLimits, maxSentBytes: 100 };
  const writer = new Writer();
  assert.throws(() => writeSignal(writer, changed, 7, limits, state), WireError);
  assert.equal(writer.position, 0);
});
