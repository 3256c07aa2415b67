import assert from "node:assert/strict";
import { test } from "node:test";
import { addressQuestion, readAddressAnswer } from "../../../src/system/dns-message.ts";

const id = 0x1234;
/** An answer with the question, an alias, and an address behind a pointer to the first name. */
function answer(flags: number, ...records: readonly Buffer[]): Buffer {
  const message = Buffer.concat([addressQuestion(id, "web.example", 4), ...records]);
  message.writeUInt16BE(flags, 2);
  message.writeUInt16BE(records.length, 6);
  return message;
}
const record = (type: number, data: readonly number[]): Buffer =>
  Buffer.from([0xc0, 12, 0, type, 0, 1, 0, 0, 0, 60, 0, data.length, ...data]);
const ok = 0x8180;

test("a question is a header, the labels, type and class", () => {
  const question = addressQuestion(id, "web.example.", 6);
  assert.equal(question.toString("hex"), "123401000001000000000000" + "03776562" + "076578616d706c65" + "00001c0001");
  for (const host of ["", "a..b", "a\nb", `${"x".repeat(64)}.example`])
    assert.throws(() => addressQuestion(id, host, 4), RangeError, host);
});

test("addresses of the family are read, aliases and other records passed over", () => {
  const message = answer(
    ok,
    record(5, [3, 119, 119, 119, 0xc0, 16]),
    record(1, [192, 0, 2, 7]),
    record(1, [192, 0, 2, 8]),
  );
  assert.deepEqual(readAddressAnswer(message, id, 4), { kind: "addresses", addresses: ["192.0.2.7", "192.0.2.8"] });
  assert.deepEqual(readAddressAnswer(message, id, 6), { kind: "addresses", addresses: [] });
});

test("a refusal is told, an answer to another question and a question are not looked at", () => {
  assert.deepEqual(readAddressAnswer(answer(0x8183), id, 4), { kind: "refused", because: "no such name" });
  assert.deepEqual(readAddressAnswer(answer(0x8182), id, 4), { kind: "refused", because: "error 2" });
  assert.deepEqual(readAddressAnswer(answer(ok), id + 1, 4), { kind: "unusable" });
  assert.deepEqual(readAddressAnswer(answer(0x0100), id, 4), { kind: "unusable" });
});

test("every cut of an answer is unusable or shorter, and never an error", () => {
  const message = answer(ok, record(1, [192, 0, 2, 7]));
  for (let length = 0; length < message.length; length++) {
    assert.deepEqual(readAddressAnswer(message.subarray(0, length), id, 4), { kind: "unusable" }, String(length));
  }
  const endless = answer(ok, record(1, [192, 0, 2, 7]));
  endless.writeUInt16BE(0xffff, 6);
  assert.deepEqual(readAddressAnswer(endless, id, 4), { kind: "unusable" });
});
