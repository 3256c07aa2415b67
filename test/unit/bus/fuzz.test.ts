import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import fc from "fast-check";
import { FrameReader } from "../../../src/bus/frame-reader.ts";
import { defaultLimits } from "../../../src/bus/limits.ts";
import { MessageType, makeMessage, readMessage, writeMessage } from "../../../src/bus/message.ts";
import { WireError } from "../../../src/bus/wire-error.ts";
import { Writer } from "../../../src/bus/writer.ts";
import { anyBody, fuzzRuns, hex } from "./codec-support.ts";

const seedFile = new URL("../../fuzz-seeds/bus/messages.txt", import.meta.url);

/** Messages that were of interest once: `what it is: bytes in hex` per line. */
const seeds = readFileSync(seedFile, "utf8")
  .split("\n")
  .filter((line) => line !== "" && !line.startsWith("#"))
  .map((line) => hex(line.slice(line.lastIndexOf(":") + 1)));

/** Reads all there is to read. Whatever comes, only a {@link WireError} may come out. */
function read(bytes: Buffer): void {
  try {
    readMessage(bytes, defaultLimits).body();
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
  }
}

function stream(chunks: readonly Buffer[]): void {
  const handler = {
    frame: (bytes: Buffer) => {
      read(bytes);
      return undefined;
    },
    oversized: (header: Buffer | undefined) => header && read(header),
  };
  const reader = new FrameReader(handler, { ...defaultLimits, maxMessageBytes: 1024 });
  try {
    for (const chunk of chunks) reader.push(chunk);
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
  }
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
const at = (bytes: Buffer, share: number) => Math.min(bytes.length - 1, Math.floor(share * bytes.length));
const share = fc.double({ min: 0, max: 1, noNaN: true });
const change: fc.Arbitrary<Change> = fc.oneof(
  fc.tuple(share, fc.nat(255)).map(
    ([where, value]): Change =>
      (bytes) => {
        bytes[at(bytes, where)] = value;
        return bytes;
      },
  ),
  fc.tuple(share, fc.nat(7)).map(
    ([where, bit]): Change =>
      (bytes) => {
        bytes[at(bytes, where)] = (bytes[at(bytes, where)] ?? 0) ^ (1 << bit);
        return bytes;
      },
  ),
  fc.tuple(share, fc.constantFrom(0, 1, 0x7f, 0x80, 0xff, 0xffff, 0x3ffffff, 0x4000000, 0xffffffff)).map(
    ([where, value]): Change =>
      (bytes) => {
        const start = Math.floor(at(bytes, where) / 4) * 4;
        if (start + 4 <= bytes.length) bytes.writeUInt32LE(value, start);
        return bytes;
      },
  ),
  share.map(
    (where): Change =>
      (bytes) =>
        bytes.subarray(0, at(bytes, where)),
  ),
  fc.tuple(share, share).map(
    ([from, to]): Change =>
      (bytes) =>
        Buffer.concat([bytes.subarray(0, at(bytes, from)), bytes.subarray(at(bytes, to))]),
  ),
  fc.uint8Array({ maxLength: 32 }).map(
    (tail): Change =>
      (bytes) =>
        Buffer.concat([bytes, tail]),
  ),
);
const spoiled = fc
  .tuple(fc.oneof(anyMessage, fc.constantFrom(...seeds)), fc.array(change, { minLength: 1, maxLength: 4 }))
  .map(([bytes, changes]) =>
    changes.reduce<Buffer>((changed, apply) => (changed.length > 0 ? apply(changed) : changed), Buffer.from(bytes)),
  );

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

test("any bytes at all are read or refused", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => read(Buffer.from(bytes))),
    { numRuns: fuzzRuns },
  );
});
