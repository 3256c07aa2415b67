import assert from "node:assert/strict";
import { test } from "node:test";
import { FrameReader } from "../../../../src/bus/wire/frame-reader.ts";
import { defaultLimits } from "../../../../src/bus/wire/limits.ts";
import { MessageType, makeMessage, readMessage, writeMessage } from "../../../../src/bus/wire/message.ts";
import { WireError } from "../../../../src/bus/wire/wire-error.ts";
import { Writer } from "../../../../src/bus/wire/writer.ts";

function signal(text: string): Buffer {
  const writer = new Writer();
  const init = { type: MessageType.SIGNAL, path: "/", interface: "a.b", member: "Told", signature: "s", body: [text] };
  writeMessage(writer, makeMessage(init), 1, defaultLimits);
  return writer.bytes.subarray(0, writer.position);
}

interface Reading {
  readonly waitAfter?: number;
  readonly kept?: "keep" | "skip";
  readonly keptHeaders?: "keep" | "skip";
}
/** Results, in order: texts of messages, sizes of large ones, before the part of them that is kept. */
function reading({ waitAfter = Number.POSITIVE_INFINITY, kept = "skip", keptHeaders = "keep" }: Reading = {}) {
  const out: unknown[] = [];
  const headers: boolean[] = [];
  const largeHeaders: number[] = [];
  const reader = new FrameReader(
    {
      frame: (bytes) => {
        out.push(readMessage(bytes, defaultLimits).body()[0]);
        return out.length % waitAfter === 0 ? "wait" : undefined;
      },
      largeHeader: (bytes) => {
        largeHeaders.push(bytes);
        return keptHeaders;
      },
      large: (header, total) => {
        out.push(total);
        headers.push(readMessage(header, defaultLimits).message.member === "Told");
        return kept;
      },
    },
    4096,
  );
  return { out, headers, largeHeaders, reader };
}

const texts = ["a", "", "x".repeat(1000), "last"];
const stream = Buffer.concat(texts.map(signal));

test("messages come out whole however the stream is cut", () => {
  for (const size of [1, 2, 3, 7, 15, 16, 17, 63, 64, 100, 999, stream.length]) {
    const { out, reader } = reading();
    for (let at = 0; at < stream.length; at += size) reader.push(stream.subarray(at, at + size));
    assert.deepEqual(out, texts, `cut every ${size} bytes`);
  }
});

test("a large message that is not to be kept is read over, by its header", () => {
  const large = signal("y".repeat(10_000));
  for (const size of [1, 16, 50, 5000, large.length + 10]) {
    const { out, headers, reader } = reading();
    const bytes = Buffer.concat([signal("before"), large, large, signal("after")]);
    for (let at = 0; at < bytes.length; at += size) reader.push(bytes.subarray(at, at + size));
    assert.deepEqual(out, ["before", large.length, large.length, "after"], `cut every ${size} bytes`);
    assert.deepEqual(headers, [true, true]);
  }
});

test("a large message that is to be kept comes out whole, and the next one is asked for again", () => {
  const text = "y".repeat(10_000);
  const large = signal(text);
  for (const size of [1, 16, 50, 5000, large.length, large.length + 10]) {
    const { out, headers, reader } = reading({ kept: "keep" });
    const bytes = Buffer.concat([signal("before"), large, large, signal("after")]);
    for (let at = 0; at < bytes.length; at += size) reader.push(bytes.subarray(at, at + size));
    assert.deepEqual(out, ["before", large.length, text, large.length, text, "after"], `cut every ${size} bytes`);
    assert.deepEqual(headers, [true, true]);
  }
});

test("a large message that is all header comes out without waiting for what follows", () => {
  const { out, reader } = reading({ kept: "keep" });
  const writer = new Writer();
  const init = { type: MessageType.SIGNAL, path: `/${"p".repeat(5000)}`, interface: "a.b", member: "Told" };
  writeMessage(writer, makeMessage(init), 1, defaultLimits);
  reader.push(writer.bytes.subarray(0, writer.position));
  assert.deepEqual(out, [writer.position, undefined]);
});

test("of a message whose header is not to be kept nothing comes out", () => {
  const header = Buffer.alloc(16);
  header.set([0x6c, 4, 0, 1]);
  header.writeUInt32LE(1, 8);
  header.writeUInt32LE(2 * 1024 * 1024, 12);
  const { out, largeHeaders, reader } = reading({ keptHeaders: "skip", kept: "keep" });
  reader.push(header);
  for (let left = 2048; left > 0; left--) reader.push(Buffer.alloc(1024));
  reader.push(signal("after"));
  assert.deepEqual(out, ["after"]);
  assert.deepEqual(largeHeaders, [16 + 2 * 1024 * 1024]);
});

test("nothing comes after a wait until it is resumed, and nothing is lost", () => {
  const { out, reader } = reading({ waitAfter: 1 });
  reader.push(stream.subarray(0, 100));
  reader.push(stream.subarray(100));
  assert.deepEqual(out, ["a"]);
  for (let count = 2; count <= texts.length; count++) {
    assert.ok(reader.isWaiting);
    reader.resume();
    assert.deepEqual(out, texts.slice(0, count));
  }
});

const lost: readonly (readonly [string, number, number])[] = [
  ["no byte order mark", 0, 0],
  ["an unknown version", 3, 2],
  ["fields beyond 64 MiB", 15, 0x05],
  ["a body beyond 128 MiB", 7, 0x09],
];
for (const [what, at, value] of lost) {
  test(`a stream with ${what} is given up`, () => {
    const bytes = Buffer.from(signal("a"));
    bytes[at] = value;
    for (const size of [1, bytes.length]) {
      const { out, reader } = reading();
      assert.throws(() => {
        for (let from = 0; from < bytes.length; from += size) reader.push(bytes.subarray(from, from + size));
      }, WireError);
      assert.deepEqual(out, []);
    }
  });
}
