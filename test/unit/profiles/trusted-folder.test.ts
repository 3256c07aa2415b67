import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import { chmodSync, lchownSync, mkdirSync, renameSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { openFolder } from "../../../src/profiles/trusted-folder.ts";
import { temporaryFolder } from "../../harness/temporary-folder.ts";

/** `ours/deep` and a folder that every user may change. */
function places(t: TestContext) {
  const top = temporaryFolder(t);
  const [ours, deep, open] = [join(top, "ours"), join(top, "ours/deep"), join(top, "open")];
  mkdirSync(deep, { recursive: true, mode: 0o700 });
  mkdirSync(open);
  chmodSync(open, 0o777);
  return { top, ours, deep, open };
}

/** Where the folder is found. */
function found(path: string): string | undefined {
  const folder = openFolder(path);
  folder?.close();
  return folder?.path;
}
const openDescriptors = (): number => fs.readdirSync("/proc/self/fd").length;

test("a folder without links is itself, dots or not; what is missing is undefined", (t) => {
  const { top, deep } = places(t);
  assert.equal(found(deep), deep);
  assert.equal(found(`${top}/./ours//deep/../deep/`), deep);
  assert.equal(found(join(top, "none/such")), undefined);
});

test("links of ours are followed, relative and absolute, to an end", (t) => {
  const { top, deep } = places(t);
  symlinkSync("ours", join(top, "near"));
  symlinkSync(join(top, "near/deep"), join(top, "far"));
  assert.equal(found(join(top, "far")), deep);
  symlinkSync("loop", join(top, "loop"));
  assert.throws(() => found(join(top, "loop")), /too many symbolic links/);
});

test("a link where others could put or move it is refused; the folders on the way may be theirs", (t) => {
  const { deep, open } = places(t);
  symlinkSync(deep, join(open, "link"));
  assert.throws(() => found(join(open, "link")), /the symbolic link .*link is a user's/);
  chmodSync(open, 0o1777);
  assert.equal(found(join(open, "link")), deep, "sticky: no user moves another's");
  chmodSync(open, 0o777);
  mkdirSync(join(open, "own"), { mode: 0o700 });
  assert.equal(found(join(open, "own")), join(open, "own"));
});

const asRoot = { skip: process.getuid?.() === 0 ? false : "only root can give a link away" };
test("a link that belongs to a user is refused, wherever it is", asRoot, (t) => {
  const { top, deep } = places(t);
  symlinkSync(deep, join(top, "link"));
  lchownSync(join(top, "link"), 1501, 1501);
  assert.throws(() => found(join(top, "link")), /is a user's/);
});

test("a path that is no folder is refused without waiting for it: a file, a FIFO", (t) => {
  const { top } = places(t);
  fs.writeFileSync(join(top, "file"), "");
  execFileSync("mkfifo", [join(top, "fifo")]);
  for (const name of ["file", "fifo", "fifo/below"]) {
    assert.throws(() => found(join(top, name)), /a part of the path is not a folder/, name);
  }
});

test("an open folder is the one that was found, also after another one took its place", (t) => {
  const { top, deep } = places(t);
  const folder = openFolder(deep);
  assert.ok(folder);
  t.after(() => folder.close());
  renameSync(deep, join(top, "elsewhere"));
  mkdirSync(deep);
  fs.writeFileSync(folder.at("file"), "");
  assert.deepEqual([fs.readdirSync(join(top, "elsewhere")), fs.readdirSync(deep)], [["file"], []]);
  folder.close();
  assert.throws(() => folder.at("file"), /is closed/);
});

test("no descriptor is left behind, with any result of the search", (t) => {
  const { top, deep, open } = places(t);
  symlinkSync(deep, join(top, "link"));
  symlinkSync("loop", join(top, "loop"));
  symlinkSync(deep, join(open, "theirs"));
  const before = openDescriptors();
  found(join(top, "link"));
  found(join(top, "none/such"));
  for (const path of [join(top, "loop"), join(open, "theirs")]) assert.throws(() => found(path));
  assert.equal(openDescriptors(), before);
});
