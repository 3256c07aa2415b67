import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  command,
  cutTo,
  displayWidth,
  neutral,
  neutralLines,
  printable,
  printableJson,
  wrapWords,
} from "../../../../src/cli/text/printable.ts";
import { anyText } from "../../../harness/any-text.ts";
import { fuzzRuns } from "../../../harness/fuzz-runs.ts";

const sequences = "\x1b[2J\x1b]0;owned\x07";
const runs = { numRuns: fuzzRuns };
/** Anything at all: lone surrogates, controls, bidirectional marks. */
const anything = fc.oneof(
  anyText(),
  fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit)) }),
);
// biome-ignore lint/suspicious/noControlCharactersInRegex: exactly these must not reach a terminal
const obeyed = /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/;

test("nothing that a terminal obeys is left in printable text", () => {
  assert.equal(printable(`a${sequences}b\r\n\tc`), "a\ufffd[2J\ufffd]0;owned\ufffdb\ufffd\ufffd\ufffdc");
  assert.equal(printable("\u009b31mred\u0085\u202eevil\u2066\ud800"), "\ufffd31mred\ufffd\ufffdevil\ufffd\ufffd");
  fc.assert(
    fc.property(anything, (text) => {
      assert.doesNotMatch(printable(text), obeyed);
      assert.equal(Buffer.from(printable(text)).toString(), printable(text));
    }),
    runs,
  );
});

test("text of several lines keeps their ends and tabs, and nothing else that a terminal obeys", () => {
  const evil = `a\tb\n${sequences}\r\u2028\u202e\u2066\u200f\u0085c\n`;
  assert.equal(neutralLines(evil), `a\tb\n${neutral(`${sequences}\r\u2028\u202e\u2066\u200f\u0085c`)}\n`);
  fc.assert(
    fc.property(anything, (text) => assert.doesNotMatch(neutralLines(text).replace(/[\n\t]/g, ""), obeyed)),
    runs,
  );
});

test("letters of all languages stay as they are", () => {
  for (const text of ["Kaffeehaus Zürich", "カフェ 無料", "קפה", "☕ Café", "e\u0301te\u0301"])
    assert.equal(printable(text), text);
});

test("a name of megabytes is shown in part, a value in full", () => {
  assert.ok(printable("x".repeat(1 << 20)).length < 5000);
  assert.equal(neutral("x".repeat(1 << 20)).length, 1 << 20);
});

test("marks do not pile up on one letter", () => {
  assert.equal(printable(`a${"\u0301".repeat(500)}b`), `a${"\u0301".repeat(4)}b`);
});

test("JSON on a terminal is harmless and reads back as the same values", () => {
  fc.assert(
    fc.property(anything, anything, (key, value) => {
      for (const indent of [0, 2]) {
        const json = printableJson(JSON.stringify({ [key]: [value] }, undefined, indent));
        assert.doesNotMatch(json.replaceAll("\n", ""), obeyed);
        assert.deepEqual(JSON.parse(json), JSON.parse(JSON.stringify({ [key]: [value] })));
      }
    }),
    runs,
  );
});

test("width counts the columns of a terminal: two for East Asian letters, none for marks", () => {
  assert.equal(displayWidth("eth0"), 4);
  assert.equal(displayWidth("無料"), 4);
  assert.equal(displayWidth("e\u0301"), 1);
  assert.equal(displayWidth("☕"), 2);
});

test("a cut text ends in an ellipsis and never takes more columns than it may", () => {
  assert.equal(cutTo("Ethernet", 8), "Ethernet");
  assert.equal(cutTo("Ethernet", 5), "Ethe…");
  assert.equal(cutTo("無料無料", 4), "無…");
  assert.equal(cutTo("Ethernet", 0), "");
  fc.assert(
    fc.property(anything, fc.nat(30), (text, width) => {
      assert.ok(displayWidth(cutTo(printable(text), width)) <= width);
    }),
    runs,
  );
});

test("lines break between words, and a command to type stays on one line", () => {
  assert.deepEqual(wrapWords("the quick brown fox", 10), ["the quick", "brown fox"]);
  assert.deepEqual(wrapWords("a verylongword b", 5), ["a", "verylongword", "b"]);
  assert.deepEqual(wrapWords(`try ${command("fairlead why")} now`, 14), ["try", "fairlead why", "now"]);
});
