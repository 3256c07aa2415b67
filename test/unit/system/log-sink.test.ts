import assert from "node:assert/strict";
import { closeSync, fstatSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { isJournal, StandardErrorLog } from "../../../src/system/log-sink.ts";
import { until } from "../../harness/until.ts";
import { temporaryFolder } from "./temporary-folder.ts";

function makeLog() {
  const written: string[] = [];
  const log = new StandardErrorLog({ writeNow: (text) => written.push(text), isJournal: true });
  return { log, written, lines: () => written.join("").split("\n").slice(0, -1) };
}

test("lines are kept until writing starts, then come in order", async () => {
  const { log, written, lines } = makeLog();
  log.write("info", "daemon", "one", undefined);
  log.write("debug", "daemon", "two", { a: 1 });
  assert.deepEqual(written, []);
  const started = log.startWriting();
  log.write("info", "daemon", "three", undefined);
  await started;
  assert.deepEqual(lines(), ["<6>daemon: one", "<7>daemon: two a=1", "<6>daemon: three"]);
  for (const level of ["warn", "info", "debug"] as const) log.write(level, "daemon", "later", undefined);
  await until("all lines came", () => lines().length === 6);
  assert.deepEqual(lines().slice(3), ["<4>daemon: later", "<6>daemon: later", "<7>daemon: later"]);
  log.close();
});

test("an error is written at once, with all that was kept before it", () => {
  const { log, written } = makeLog();
  log.write("info", "daemon", "one", undefined);
  log.write("error", "daemon", "two", undefined);
  assert.deepEqual(written, ["<6>daemon: one\n<3>daemon: two\n"]);
  log.close();
});

test("lines written past winston do not come twice, and those after them come in order", async () => {
  const { log, lines } = makeLog();
  await log.startWriting();
  for (let at = 0; at < 100; at++) log.write("info", "daemon", `first ${at}`, undefined);
  log.write("error", "daemon", "at once", undefined);
  assert.equal(lines().at(-1), "<3>daemon: at once");
  log.write("info", "daemon", "last", undefined);
  await until("the last line came", () => lines().at(-1) === "<6>daemon: last");
  const first = Array.from({ length: 100 }, (_, at) => `<6>daemon: first ${at}`);
  assert.deepEqual(lines(), [...first, "<3>daemon: at once", "<6>daemon: last"]);
  log.close();
});

test("the lines of one turn are written together, whatever their levels, and those of the next apart", async () => {
  const { log, written } = makeLog();
  await log.startWriting();
  log.write("info", "daemon", "one", undefined);
  log.write("debug", "daemon", "two", undefined);
  await until("the lines came", () => written.length > 0);
  log.write("warn", "daemon", "three", undefined);
  await until("the last line came", () => written.length > 1);
  assert.deepEqual(written, ["<6>daemon: one\n<7>daemon: two\n", "<4>daemon: three\n"]);
  log.close();
});

test("more lines than are worth keeping are written, none is lost", () => {
  const { log, lines } = makeLog();
  for (let at = 0; at < 1234; at++) log.write("info", "daemon", `line ${at}`, undefined);
  assert.equal(lines().length, 1000);
  log.close();
  assert.equal(lines().length, 1234);
});

test("lines after closing are still written, closing twice is harmless", async () => {
  const { log, written } = makeLog();
  await log.startWriting();
  log.close();
  log.close();
  log.write("info", "daemon", "late", undefined);
  assert.deepEqual(written, ["<6>daemon: late\n"]);
});

test("the journal is recognised by device and inode, not by the variable alone", (t) => {
  const path = join(temporaryFolder(t), "journal");
  const fd = openSync(path, "w");
  const { dev, ino } = fstatSync(fd, { bigint: true });
  assert.equal(isJournal({ JOURNAL_STREAM: `${dev}:${ino}` }, fd), true);
  assert.equal(isJournal({ JOURNAL_STREAM: `${dev}:${ino + 1n}` }, fd), false);
  assert.equal(isJournal({}, fd), false);
  closeSync(fd);
  assert.equal(isJournal({ JOURNAL_STREAM: "1:1" }, 1_000_000), false);
  assert.equal(readFileSync(path, "utf8"), "");
});
