import assert from "node:assert/strict";
import { chmodSync, closeSync, lchownSync, mkdirSync, openSync, renameSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { isOpenAt, resolveFolder } from "../../../src/profiles/trusted-folder.ts";
import { temporaryFolder } from "../../harness/temporary-folder.ts";

/** `ours/deep` and a folder that everybody may change. */
function places(t: TestContext) {
  const top = temporaryFolder(t);
  const [ours, deep, open] = [join(top, "ours"), join(top, "ours/deep"), join(top, "open")];
  mkdirSync(deep, { recursive: true, mode: 0o700 });
  mkdirSync(open);
  chmodSync(open, 0o777);
  return { top, ours, deep, open };
}

test("a folder without links is itself, dots or not; what is missing is undefined", (t) => {
  const { top, deep } = places(t);
  assert.deepEqual(resolveFolder(deep), { path: deep, isExchangeable: false });
  assert.equal(resolveFolder(`${top}/./ours//deep/../deep/`)?.path, deep);
  assert.equal(resolveFolder(join(top, "none/such")), undefined);
});

test("links of ours are followed, relative and absolute, to an end", (t) => {
  const { top, deep } = places(t);
  symlinkSync("ours", join(top, "near"));
  symlinkSync(join(top, "near/deep"), join(top, "far"));
  assert.equal(resolveFolder(join(top, "far"))?.path, deep);
  symlinkSync("loop", join(top, "loop"));
  assert.throws(() => resolveFolder(join(top, "loop")), /too many symbolic links/);
});

test("a link where others could put or move it is refused; the folders on the way may be theirs", (t) => {
  const { deep, open } = places(t);
  symlinkSync(deep, join(open, "link"));
  assert.throws(() => resolveFolder(join(open, "link")), /the symbolic link .*link is a user's/);
  chmodSync(open, 0o1777);
  assert.equal(resolveFolder(join(open, "link"))?.path, deep, "sticky: nobody moves another's");
  chmodSync(open, 0o777);
  mkdirSync(join(open, "own"), { mode: 0o700 });
  assert.deepEqual(resolveFolder(join(open, "own")), { path: join(open, "own"), isExchangeable: true });
});

const asRoot = { skip: process.getuid?.() === 0 ? false : "only root can give a link away" };
test("a link that belongs to a user is refused, wherever it is", asRoot, (t) => {
  const { top, deep } = places(t);
  symlinkSync(deep, join(top, "link"));
  lchownSync(join(top, "link"), 1501, 1501);
  assert.throws(() => resolveFolder(join(top, "link")), /is a user's/);
});

test("an open file tells where it is, also after its folder was exchanged", (t) => {
  const { top, deep } = places(t);
  const file = openSync(join(deep, "file"), "w");
  t.after(() => closeSync(file));
  assert.ok(isOpenAt(join(deep, "file")));
  renameSync(deep, join(top, "elsewhere"));
  assert.ok(!isOpenAt(join(deep, "file")));
});
