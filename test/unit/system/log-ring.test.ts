import assert from "node:assert/strict";
import { test } from "node:test";
import type { LogSink } from "../../../src/base/log.ts";
import { LogRing } from "../../../src/system/log-sink.ts";

const nowhere: LogSink = { write() {} };

test("the newest 500 lines are kept, counted from the start", () => {
  const ring = new LogRing(nowhere);
  for (let line = 1; line <= 1_200; line++) ring.write("info", "test", `line ${line}`, undefined, line);
  const kept = ring.newest(0, 10_000);
  assert.equal(kept.length, 500);
  assert.deepEqual([kept[0]?.number, kept.at(-1)?.number], [701, 1_200]);
  assert.match(kept.at(-1)?.text ?? "", /line 1200/);
  assert.equal(kept.at(-1)?.at, 1_200);
});

test("a reader that has seen some asks for the later ones, the newest first of all", () => {
  const ring = new LogRing(nowhere);
  for (let line = 1; line <= 10; line++) ring.write("debug", "test", "again", undefined);
  const numbers = (after: number, most: number) => ring.newest(after, most).map(({ number }) => number);
  assert.deepEqual(numbers(7, 500), [8, 9, 10]);
  assert.deepEqual(numbers(0, 3), [8, 9, 10]);
  assert.deepEqual(numbers(10, 500), []);
  assert.deepEqual(numbers(4_000_000_000, 500), []);
  assert.deepEqual(numbers(0, 0), []);
});

test("a line is one line of a thousand characters at most, and without secrets", () => {
  const ring = new LogRing(nowhere);
  ring.write("error", "test", `a\nb ${"x".repeat(100_000)}`, undefined);
  ring.write("info", "test", "connecting", { Passphrase: "tell nobody" });
  const [long, secret] = ring.newest(0, 2);
  assert.ok((long?.text.length ?? 0) <= 1_000);
  assert.doesNotMatch(long?.text ?? "", /\n/);
  assert.doesNotMatch(secret?.text ?? "", /tell nobody/);
});

test("every line goes on to the log, whole", () => {
  const written: string[] = [];
  const ring = new LogRing({ write: (_level, _scope, message) => void written.push(message) });
  ring.write("warn", "test", "x".repeat(5_000), undefined);
  assert.deepEqual(written, ["x".repeat(5_000)]);
});
