import assert from "node:assert/strict";
import { test } from "node:test";
import { OutputLines } from "../../../src/system/output-lines.ts";
import { mostOutputBytes, outputWindowMs } from "../../../src/system/processes.ts";

function scene() {
  const at = { ms: 0 };
  const lines: string[] = [];
  const output = new OutputLines((line) => lines.push(line), { now: () => at.ms });
  return { at, lines, output, print: (text: string) => output.take(Buffer.from(text)) };
}

test("a program that prints a line now and then is heard for as long as it runs", () => {
  const { at, lines, output, print } = scene();
  const line = `${"x".repeat(999)}\n`;
  const most = Math.ceil(mostOutputBytes / line.length) + 10;
  for (let minute = 0; minute < most; minute++) {
    at.ms = minute * 60_000;
    print(line);
  }
  assert.deepEqual([lines.length, output.isCut], [most, false]);
});

test("output that is too much for its time is dropped, with the rest of the line that it was in", () => {
  const { at, lines, output, print } = scene();
  print("first\n");
  const flood = Buffer.alloc(mostOutputBytes, "y\n");
  output.take(flood);
  assert.equal(output.isCut, true);
  const heard = lines.length;
  print("lost\nand half");
  at.ms = outputWindowMs;
  print(" of a line\nwhole\n");
  assert.deepEqual(lines.slice(heard), ["whole"]);
});
