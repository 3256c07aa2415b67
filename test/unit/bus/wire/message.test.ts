import assert from "node:assert/strict";
import { test } from "node:test";
import { defaultLimits } from "../../../../src/bus/wire/limits.ts";
import { MessageFlag, MessageType, makeMessage, readMessage, writeMessage } from "../../../../src/bus/wire/message.ts";
import { WireError } from "../../../../src/bus/wire/wire-error.ts";
import { Writer } from "../../../../src/bus/wire/writer.ts";
import { hex } from "../codec-support.ts";

type Init = Parameters<typeof makeMessage>[0];
function written(init: Init, serial = 1, kept?: Uint8Array[]): Buffer {
  const writer = new Writer(8);
  writeMessage(writer, makeMessage(init), serial, defaultLimits, kept && { marshalled: kept });
  return Buffer.from(writer.bytes.subarray(0, writer.position));
}

const call: Init = {
  type: MessageType.METHOD_CALL,
  path: "/a",
  interface: "a.b",
  member: "Go",
  destination: ":1.2",
  signature: "su",
  body: ["hi", 7],
};
/** By hand from the specification. */
const callBytes = hex(`
  6c 01 00 01  0c000000  09000000  48000000
  01 016f00 02000000 2f6100 0000000000
  02 017300 03000000 612e6200 00000000
  03 017300 02000000 476f00 0000000000
  06 017300 04000000 3a312e3200 000000
  08 016700 02 737500
  02000000 686900 00 07000000`);

test("a call is written as the specification says", () => {
  assert.deepEqual(written(call, 9), callBytes);
});

test("a message is read back as it was", () => {
  const inits: Init[] = [
    call,
    { ...call, flags: MessageFlag.NO_REPLY_EXPECTED, interface: undefined, signature: "", body: [] },
    { type: MessageType.SIGNAL, path: "/", interface: "a.b", member: "Told", sender: ":1.1" },
    { type: MessageType.METHOD_RETURN, replySerial: 4, destination: "a.b", signature: "as", body: [["x"]] },
    { type: MessageType.ERROR, replySerial: 4, errorName: "a.b.C", signature: "s", body: ["why"] },
  ];
  for (const init of inits) {
    const received = readMessage(written(init, 77), defaultLimits);
    assert.deepEqual({ ...makeMessage({ ...init, serial: 77 }), body: [] }, { ...received.message, body: [] });
    assert.deepEqual(received.body(), init.body ?? []);
  }
});

test("a kept body takes the place of values", () => {
  const kept = [hex("02000000 6869"), hex("00 00 07000000")];
  assert.deepEqual(written({ ...call, body: [] }, 9, kept), callBytes);
});

test("several messages follow one another in one buffer, each aligned by itself", () => {
  const writer = new Writer(8);
  for (const serial of [9, 9])
    writeMessage(writer, makeMessage({ ...call, signature: "y", body: [1] }), serial, defaultLimits);
  const [one, two] = [writer.bytes.subarray(0, 89), writer.bytes.subarray(89, writer.position)];
  assert.deepEqual(two, one);
});

test("a message that cannot be written leaves nothing behind", () => {
  const writer = new Writer(8);
  writer.raw(hex("0102"));
  const message = makeMessage({ ...call, body: ["hi", -1] });
  assert.throws(() => writeMessage(writer, message, 1, defaultLimits), /argument 1/);
  assert.equal(writer.position, 2);
});

const refused: readonly Partial<Init>[] = [
  { path: "a" },
  { path: "/a/" },
  { interface: "nodot" },
  { member: "a.b" },
  { member: "with space" },
  { destination: ":1.2 " },
  { destination: "nodot" },
  { type: MessageType.SIGNAL, interface: undefined },
  { type: MessageType.ERROR, replySerial: 1, errorName: "Bad" },
  { type: MessageType.ERROR, errorName: "a.b" },
  { type: MessageType.METHOD_RETURN },
  { type: 9 },
  { path: undefined },
];
for (const change of refused) {
  test(`refuses to make a message with ${JSON.stringify(change, (_key, value) => value ?? "nothing")}`, () => {
    assert.throws(() => makeMessage({ ...call, ...change }), WireError);
  });
}

/** Changes bytes of the call by hand. */
const spoiled = (...changes: readonly (readonly [number, number])[]): Buffer => {
  const bytes = Buffer.from(callBytes);
  for (const [at, value] of changes) bytes[at] = value;
  return bytes;
};
const badHeaders: readonly (readonly [string, Buffer])[] = [
  ["an unknown byte order", spoiled([0, 0x4c])],
  ["another protocol version", spoiled([3, 2])],
  ["type 0", spoiled([1, 0])],
  ["an unknown type", spoiled([1, 5])],
  ["serial 0", spoiled([8, 0])],
  ["a field of a wrong type", spoiled([18, 0x73])],
  ["an invalid path", spoiled([24, 0x61])],
  ["an invalid member", spoiled([56, 0x20])],
  ["an invalid signature", spoiled([85, 0x7a])],
  ["padding that is not zero", spoiled([31, 1])],
  ["no path", spoiled([16, 200])],
  ["fields of a length that cuts one", spoiled([12, 0x47])],
];
for (const [what, bytes] of badHeaders) {
  test(`refuses a message with ${what}`, () => {
    assert.throws(() => readMessage(bytes, defaultLimits).body(), WireError);
  });
}

test("unknown header fields are read over", () => {
  const { message } = readMessage(spoiled([80, 200]), defaultLimits);
  assert.deepEqual([message.member, message.signature], ["Go", ""]);
});

test("a body with file descriptors is refused when it is asked for", () => {
  const bytes = spoiled([85, 0x68]);
  const received = readMessage(bytes, defaultLimits);
  assert.equal(received.message.signature, "hu");
  assert.throws(() => received.body(), /file descriptors/);
});
