import assert from "node:assert/strict";
import { test } from "node:test";
import { DaemonError } from "../../../src/base/errors.ts";
import type { LogFields, LogLevel } from "../../../src/base/log.ts";
import { journalLine, plainLine } from "../../../src/system/log-line.ts";

const at = new Date(2026, 0, 2, 3, 4, 5, 6).getTime();
const entry = (message: string, fields?: LogFields, level: LogLevel = "info") => ({
  level,
  scope: "dhcp4",
  message,
  fields,
  at,
});

test("a line for the journal carries its priority and no time", () => {
  assert.equal(
    journalLine(entry("bound", { address: "10.0.0.2", mtu: 1500 }), false),
    "<6>dhcp4: bound address=10.0.0.2 mtu=1500",
  );
  const priorities = (["error", "warn", "info", "debug"] as const).map(
    (level) => journalLine(entry("x", {}, level), false)[1],
  );
  assert.deepEqual(priorities, ["3", "4", "6", "7"]);
});

test("a line for people begins with the time of day", () => {
  assert.equal(plainLine(entry("bound"), false), "03:04:05.006 info dhcp4: bound");
});

test("values are quoted where they would run into each other", () => {
  const line = journalLine(
    entry("x", { ssid: "my home", empty: "", sign: "a=b", list: [1, "b"], none: undefined, big: 5n }),
    false,
  );
  assert.equal(line, '<6>dhcp4: x ssid="my home" empty="" sign="a=b" list=[1,"b"] none=undefined big=5');
});

test("others' text cannot forge a line, move the cursor or turn the text around", () => {
  const evil = "a\n<3>init: forged\r\u001b[2J\u0000\u202e\u2028\u0085b";
  for (const line of [
    journalLine(entry(evil), false),
    plainLine(entry("x", { ssid: evil, [evil]: 1, deep: { evil } }), false),
  ]) {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: none of these may get through
    assert.doesNotMatch(line, /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202e]/);
    assert.match(line, /\\n/);
  }
});

test("secrets are hidden in message, fields and errors", () => {
  const error = new DaemonError("Failure", "wpa said psk=hunter2", { cause: new Error("passphrase: hunter2") });
  const line = plainLine(
    entry("set psk=hunter2", { passphrase: "hunter2", deep: { pin: 1 }, error, text: "psk=hunter2" }),
    true,
  );
  assert.doesNotMatch(line, /hunter2/);
  assert.match(line, /passphrase=\[redacted\]/);
});

test("an error shows its message and those of its causes, and its stack only when asked for", () => {
  const error = new DaemonError("Failure", "cannot write /x", { cause: new Error("EIO") });
  assert.equal(journalLine(entry("failed", { error }), false), '<6>dhcp4: failed error="cannot write /x: EIO"');
  assert.match(
    journalLine(entry("failed", { error }), true),
    /error="cannot write \/x: EIO" stack="DaemonError: cannot write/,
  );
});

test("bytes are counted, not shown, and odd values do no harm", () => {
  const ring: Record<string, unknown> = {};
  ring.self = ring;
  const hostile = {
    toJSON() {
      throw new Error("gotcha");
    },
  };
  const line = journalLine(
    entry("x", { data: Buffer.alloc(20), ring, map: new Map([["a", 1n]]), hostile, sign: Symbol("s") }),
    false,
  );
  assert.match(line, /data=\[20 bytes\]/);
  assert.match(line, /map=\[\["a","1"\]\]/);
});

test("a line has an end", () => {
  for (const line of [
    journalLine(entry("x".repeat(1e6)), false),
    journalLine(entry("x", { text: "y".repeat(1e6) }), false),
  ]) {
    assert.ok(line.length < 10_000, String(line.length));
  }
});
