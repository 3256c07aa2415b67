import assert from "node:assert/strict";
import { test } from "node:test";
import { median, Table } from "../../bench/table.ts";

test("the median of an even number of values lies between the middle two", () => {
  assert.equal(median([3, 1, 2]), 2);
  assert.equal(median([4, 1, 2, 3]), 2.5);
  assert.equal(median([7]), 7);
});

test("values of several runs are one median, and the ratio is ours by the best other's", () => {
  const table = new Table();
  table.add("fairlead", { "replug -> address (ms)": [2, 4] });
  table.add("fairlead", { "replug -> address (ms)": [3] });
  table.add("other", { "replug -> address (ms)": [6] });
  table.add("third", { "replug -> address (ms)": [12] });
  const lines = table.render(["fairlead", "other", "third"], "fairlead").split("\n");
  assert.match(lines[2] ?? "", /\| replug -> address \(ms\) +\| 3\.5 +\| 3 +\| 6 +\| 12 +\| 0\.50 \(other\) +\|/);
});

test("a missed goal is marked, a kept one and a rival's are not", () => {
  const table = new Table();
  table.add("fairlead", { "idle, wakeups in 30 s": [2], "idle, PSS (MiB)": [50] });
  table.add("other", { "idle, wakeups in 30 s": [9] });
  const text = table.render(["fairlead", "other"], "fairlead");
  assert.match(text, /idle, wakeups in 30 s \| 0 +\| 2 ! +\| 9 +\|/);
  assert.match(text, /idle, PSS \(MiB\) +\| 50 +\| 50 +\| - +\|/);
  assert.deepEqual(table.missed("fairlead"), ["idle, wakeups in 30 s"]);
});
