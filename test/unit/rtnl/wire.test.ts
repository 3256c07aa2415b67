import assert from "node:assert/strict";
import { endianness } from "node:os";
import { test } from "node:test";
import { readU16, readU32 } from "../../../src/rtnl/wire.ts";

test("numbers are read in the byte order of the machine, without a sign, from any place", () => {
  const data = Buffer.from("00 ff fe fd fc 7b 00".replaceAll(" ", ""), "hex");
  for (let at = 0; at + 2 <= data.length; at++) {
    assert.equal(readU16(data, at), endianness() === "LE" ? data.readUInt16LE(at) : data.readUInt16BE(at));
  }
  for (let at = 0; at + 4 <= data.length; at++) {
    assert.equal(readU32(data, at), endianness() === "LE" ? data.readUInt32LE(at) : data.readUInt32BE(at));
  }
});
