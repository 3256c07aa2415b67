import assert from "node:assert/strict";
import { test } from "node:test";
import { lineWidth, renderChange, renderNote, renderValue } from "../../../src/lab/render.ts";

const at = new Date(2026, 10, 20, 4, 3, 9, 7).getTime();

test("a change is one line: time, object, property and value", () => {
  assert.equal(
    renderChange({ at, subject: "service eth0", property: "State", value: "online" }),
    "04:03:09.007  service eth0      State: online",
  );
});

test("no line is wider than the narrowest terminal", () => {
  const wide = "x".repeat(500);
  const line = renderChange({ at, subject: wide, property: wide, value: wide });
  assert.equal(line.length, lineWidth);
  assert.match(line, /…$/);
  assert.equal(renderNote(at, wide).length, lineWidth);
});

test("values of every kind become text", () => {
  const values: [unknown, string][] = [
    ["", '""'],
    [true, "true"],
    [12n, "12"],
    [[], "none"],
    [["a", "b"], "a, b"],
    [new Map([["Address", { signature: "s", value: "192.0.2.1" }]]), "{Address: 192.0.2.1}"],
    [Buffer.from("abc"), "3 bytes"],
    [{ signature: "u", value: 5 }, "5"],
  ];
  for (const [value, text] of values) assert.equal(renderValue(value), text);
});

test("control characters in a name do not reach the terminal", () => {
  assert.equal(renderValue("a\u001b[2Jb\r\nc\u0085"), "a\ufffd[2Jb\ufffd\ufffdc\ufffd");
});
