import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import fc from "fast-check";
import { decodeDone, decodeError } from "../../../src/rtnl/ack-messages.ts";
import { differences } from "../../../src/rtnl/delta.ts";
import { EventApplier } from "../../../src/rtnl/event-applier.ts";
import { World } from "../../../src/rtnl/snapshot.ts";
import { eachMessage, NetlinkFormatError } from "../../../src/rtnl/wire.ts";
import { fuzzRuns } from "../../harness/fuzz-runs.ts";
import { kernelMessage, messageNames } from "./kernel-messages.ts";

const numRuns = fuzzRuns;
const knownTypes = [2, 3, 16, 17, 20, 21, 24, 25, 28, 29, 32, 33, 68, 105];

/** As the two channels do: whole datagrams, each message to all that could read it. */
function readHostile(data: Buffer, world: World): void {
  const applier = new EventApplier(world);
  try {
    eachMessage(data, (header) => {
      if (header.type === 2) decodeError(data, header.flags, header.from, header.end);
      else if (header.type === 3) decodeDone(data, header.flags, header.from, header.end);
      else applier.apply(header, data);
    });
  } catch (error) {
    if (!(error instanceof NetlinkFormatError)) throw error;
  }
  applier.takeDoubts();
  differences(new World(), world);
}

const seedFolder = new URL("../../fuzz-seeds/rtnl/", import.meta.url);
for (const name of readdirSync(seedFolder).filter((file) => file.endsWith(".hex"))) {
  test(`stored seed ${name} does no harm`, () => {
    const text = readFileSync(new URL(name, seedFolder), "latin1").replace(/#.*$/gm, "").replace(/\s+/g, "");
    const data = Buffer.from(text, "hex");
    assert.equal(data.length * 2, text.length, "the seed is hexadecimal");
    for (let end = 0; end <= data.length; end++) readHostile(data.subarray(0, end), new World());
  });
}

test("random bytes in a well-formed frame end in a record, in nothing, or in the one error", () => {
  const world = new World();
  const frame = fc.tuple(fc.constantFrom(...knownTypes), fc.nat(0xffff), fc.uint8Array({ maxLength: 300 }));
  fc.assert(
    fc.property(fc.array(frame, { maxLength: 4 }), (frames) => {
      readHostile(Buffer.concat(frames.map(([type, flags, body]) => framed(type, flags, body))), world);
    }),
    { numRuns },
  );
});

test("random bytes without a frame do no harm", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => readHostile(Buffer.from(bytes), new World())),
    { numRuns },
  );
});

test("real messages with bytes changed, cut off or doubled do no harm", () => {
  const world = new World();
  const change = fc.record({ at: fc.nat(2000), value: fc.nat(255) });
  const mutated = fc.tuple(
    fc.constantFrom(...messageNames),
    fc.array(change, { maxLength: 8 }),
    fc.option(fc.nat(2000)),
    fc.boolean(),
  );
  fc.assert(
    fc.property(mutated, ([name, changes, cut, isDoubled]) => {
      let data = Buffer.from(kernelMessage(name).data);
      for (const { at, value } of changes) if (at < data.length) data[at] = value;
      if (cut !== null) data = data.subarray(0, cut);
      readHostile(isDoubled ? Buffer.concat([data, data]) : data, world);
    }),
    { numRuns },
  );
});

test("every real message, cut off anywhere, is refused or read, and never read beyond its end", () => {
  for (const name of messageNames) {
    const { data } = kernelMessage(name);
    for (let end = 0; end < data.length; end++) {
      const cut = Buffer.from(data.subarray(0, end));
      if (end >= 16) cut.writeUInt32LE(end, 0);
      readHostile(cut, new World());
    }
  }
});

function framed(type: number, flags: number, body: Uint8Array): Buffer {
  const message = Buffer.alloc((16 + body.length + 3) & ~3);
  message.writeUInt32LE(16 + body.length, 0);
  message.writeUInt16LE(type, 4);
  message.writeUInt16LE(flags, 6);
  message.set(body, 16);
  return message;
}
