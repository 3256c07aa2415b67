import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import fc from "fast-check";
import { FrameReader } from "../../../src/bus/wire/frame-reader.ts";
import { defaultLimits } from "../../../src/bus/wire/limits.ts";
import { MessageType, makeMessage, readMessage, writeMessage } from "../../../src/bus/wire/message.ts";
import { WireError } from "../../../src/bus/wire/wire-error.ts";
import { Writer } from "../../../src/bus/wire/writer.ts";
import { fuzzRuns } from "../../harness/fuzz-runs.ts";
import { anyBody, anyType, decoded, hex } from "./codec-support.ts";

const seedFile = new URL("../../fuzz-seeds/bus/messages.txt", import.meta.url);

/** Messages that were of interest once: `what it is: bytes in hex` per line. */
const seeds = readFileSync(seedFile, "utf8")
  .split("\n")
  .filter((line) => line !== "" && !line.startsWith("#"))
  .map((line) => hex(line.slice(line.lastIndexOf(":") + 1)));

/** Only a {@link WireError} may come out of any reading. */
function refusing(action: () => void): void {
  try {
    action();
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
  }
}
const read = (bytes: Buffer): void => refusing(() => readMessage(bytes, defaultLimits).body());

function stream(chunks: readonly Buffer[]): void {
  const handler = {
    frame: (bytes: Buffer) => {
      read(bytes);
      return undefined;
    },
    largeHeader: (bytes: number) => (bytes % 32 === 0 ? "keep" : "skip"),
    large: (header: Buffer, total: number) => {
      read(header);
      return total % 16 === 0 ? "keep" : "skip";
    },
  } as const;
  const reader = new FrameReader(handler, 1024);
  refusing(() => {
    for (const chunk of chunks) reader.push(chunk);
  });
}

const anyMessage = fc
  .tuple(anyBody, fc.constantFrom(1, 2, 3, 4), fc.nat(255))
  .map(([[signature, body], type, flags]) => {
    const writer = new Writer();
    const names = { path: "/a/b", interface: "a.b", member: "Do", destination: ":1.2", sender: ":1.3" };
    const reply = type === MessageType.ERROR || type === MessageType.METHOD_RETURN ? { replySerial: 7 } : {};
    const init = { type, flags, ...names, ...reply, errorName: "a.b.C", signature, body };
    writeMessage(writer, makeMessage(init), 5, defaultLimits);
    return Buffer.from(writer.bytes.subarray(0, writer.position));
  });

type Change = (bytes: Buffer) => Buffer;
/** Without the bias of fast-check towards 0, where every change ends in the same refusal. */
const anyNumber = fc.noBias(fc.nat(0xffffff));
const within = (bytes: Buffer, number: number) => number % Math.max(1, bytes.length);
/** Seldom in the fixed part of the header. */
const place = (bytes: Buffer, number: number) =>
  number % 16 === 0 || bytes.length <= 16 ? within(bytes, number >> 4) : 16 + ((number >> 4) % (bytes.length - 16));
const telling = fc.constantFrom(
  0,
  1,
  7,
  0x20,
  0x7f,
  0x80,
  0xff,
  ..."abghosuvx(){}/.:".split("").map((text) => text.charCodeAt(0)),
);
const lengths = fc.constantFrom(0, 1, 8, 0x7f, 0xff, 0xffff, 0x3ffffff, 0x4000000, 0x4000001, 0x7fffffff, 0xffffffff);

const setByte = (value: fc.Arbitrary<number>) =>
  fc.tuple(anyNumber, value).map(([number, byte]): Change => {
    return (bytes) => {
      if (bytes.length > 0) bytes[place(bytes, number)] = byte;
      return bytes;
    };
  });
const setLength = fc.tuple(anyNumber, lengths).map(([number, length]): Change => {
  return (bytes) => {
    const at = place(bytes, number) & ~3;
    if (at + 4 <= bytes.length) bytes.writeUInt32LE(length, at);
    return bytes;
  };
});
/** Takes some bytes out of the body, or puts some in, and says so in the header. */
const resize = fc
  .tuple(anyNumber, fc.uint8Array({ maxLength: 12 }), fc.nat(12))
  .map(([number, added, removed]): Change => {
    return (bytes) => {
      if (bytes.length < 32) return bytes;
      const at = bytes.length - (number % (bytes.length - 16));
      const changed = Buffer.concat([bytes.subarray(0, at), added, bytes.subarray(at + removed)]);
      changed.writeUInt32LE((bytes.readUInt32LE(4) + changed.length - bytes.length) >>> 0, 4);
      return changed;
    };
  });
const cut = anyNumber.map(
  (number): Change =>
    (bytes) =>
      bytes.subarray(0, within(bytes, number)),
);
const change = fc.oneof(
  { weight: 8, arbitrary: setByte(telling) },
  { weight: 4, arbitrary: setByte(fc.noBias(fc.nat(255))) },
  { weight: 6, arbitrary: setLength },
  { weight: 6, arbitrary: resize },
  { weight: 1, arbitrary: cut },
);
const spoiled = fc
  .tuple(fc.oneof(anyMessage, fc.noBias(fc.constantFrom(...seeds))), fc.array(change, { minLength: 1, maxLength: 4 }))
  .map(([bytes, changes]) => changes.reduce<Buffer>((changed, apply) => apply(changed), Buffer.from(bytes)));

test(`nothing but the one typed error comes out of ${fuzzRuns} spoiled messages`, () => {
  fc.assert(
    fc.property(spoiled, (bytes) => read(bytes)),
    { numRuns: fuzzRuns },
  );
});

test("a spoiled stream, cut anywhere, is read or given up, and nothing else", () => {
  const chunks = fc
    .tuple(fc.array(spoiled, { maxLength: 3 }), fc.integer({ min: 1, max: 64 }))
    .map(([messages, size]) => {
      const all = Buffer.concat(messages);
      return Array.from({ length: Math.ceil(all.length / size) }, (_unused, index) =>
        all.subarray(index * size, (index + 1) * size),
      );
    });
  fc.assert(fc.property(chunks, stream), { numRuns: Math.ceil(fuzzRuns / 4) });
});

test("each stored message, cut at each length and with each byte changed, is read or refused", () => {
  for (const seed of seeds) {
    for (let length = 0; length <= seed.length; length++) read(seed.subarray(0, length));
    for (let index = 0; index < seed.length; index++) {
      for (const value of [0, 1, 0x7f, 0x80, 0xff, (seed[index] ?? 0) ^ 1]) {
        const bytes = Buffer.from(seed);
        bytes[index] = value;
        read(bytes);
      }
    }
  }
  assert.ok(seeds.length >= 10, "the stored messages are there");
});

test("any bytes at all are read or refused, as a message and as a body of any signature", () => {
  const bytes = fc.noBias(fc.uint8Array({ maxLength: 100, size: "max" }));
  const property = fc.property(anyType, bytes, fc.boolean(), (signature, some, isLittleEndian) => {
    read(Buffer.from(some));
    refusing(() => decoded(signature, Buffer.from(some), isLittleEndian));
  });
  fc.assert(property, { numRuns: fuzzRuns });
});
