import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { DaemonError } from "../../../src/base/errors.ts";
import { readBounded, readIfPresent, removeFile, writeAtomically } from "../../../src/system/files.ts";
import { childModule } from "../../harness/child-module.ts";
import { temporaryFolder } from "./temporary-folder.ts";

const isError = (code: string, path: string) => (error: unknown) =>
  error instanceof DaemonError && error.code === code && error.message.includes(path);

test("writes a new file with exactly the mode asked for, under any umask", (t) => {
  const folder = temporaryFolder(t);
  const umask = process.umask(0o077);
  t.after(() => process.umask(umask));
  const path = join(folder, "resolv.conf");
  assert.equal(writeAtomically(path, "nameserver ::1\n", { sync: true }), true);
  assert.equal(readFileSync(path, "utf8"), "nameserver ::1\n");
  assert.equal(statSync(path).mode & 0o7777, 0o644);
  writeAtomically(join(folder, "secret"), Buffer.from([0, 255]), { mode: 0o600 });
  assert.equal(statSync(join(folder, "secret")).mode & 0o7777, 0o600);
  assert.deepEqual(readdirSync(folder).sort(), ["resolv.conf", "secret"]);
});

test("the same content leaves the file alone, another replaces it in one step", (t) => {
  const path = join(temporaryFolder(t), "file");
  writeAtomically(path, "one");
  const { ino, mtimeMs } = statSync(path);
  assert.equal(writeAtomically(path, "one"), false);
  assert.deepEqual([statSync(path).ino, statSync(path).mtimeMs], [ino, mtimeMs]);
  assert.equal(writeAtomically(path, "two"), true);
  assert.notEqual(statSync(path).ino, ino);
  assert.equal(readFileSync(path, "utf8"), "two");
});

test("the same content with wrong permissions gets the right ones", (t) => {
  const path = join(temporaryFolder(t), "file");
  writeFileSync(path, "one");
  chmodSync(path, 0o666);
  const { ino } = statSync(path);
  assert.equal(writeAtomically(path, "one", { mode: 0o600 }), false);
  assert.deepEqual([statSync(path).ino, statSync(path).mode & 0o7777], [ino, 0o600]);
});

test("a symbolic link in the way is replaced, and what it points to is not touched", (t) => {
  const folder = temporaryFolder(t);
  const victim = join(folder, "victim");
  const path = join(folder, "link");
  writeFileSync(victim, "precious");
  for (const content of ["evil", "precious"]) {
    symlinkSync(victim, join(folder, "next"));
    execFileSync("mv", ["-T", join(folder, "next"), path]);
    assert.equal(writeAtomically(path, content), true);
    assert.equal(lstatSync(path).isFile(), true);
    assert.equal(readFileSync(path, "utf8"), content);
    assert.equal(readFileSync(victim, "utf8"), "precious");
  }
});

test("a failed write names the path and leaves the old file and nothing else", (t) => {
  const folder = temporaryFolder(t);
  const occupied = join(folder, "occupied");
  mkdirSync(join(occupied, "child"), { recursive: true });
  assert.throws(() => writeAtomically(occupied, "x"), isError("Failure", occupied));
  const missing = join(folder, "missing", "file");
  assert.throws(() => writeAtomically(missing, "x"), isError("NotFound", missing));
  const tooLong = join(folder, "x".repeat(300));
  assert.throws(() => writeAtomically(tooLong, "x"), isError("Failure", tooLong));
  assert.deepEqual(readdirSync(folder), ["occupied"]);
});

test("when the disk takes no more, the old file stays whole and nothing else is left", async (t) => {
  const folder = temporaryFolder(t);
  const path = join(folder, "file");
  writeFileSync(path, "old");
  const script = `import { writeAtomically } from ${JSON.stringify(await childModule(t, "src/system/files.ts"))};
    try { writeAtomically(process.env.TARGET, Buffer.alloc(5_000_000)); } catch (error) { console.log(error.message); }`;
  // A limit on the size of files (in 512-byte blocks) stands for the full disk.
  const shell = `ulimit -f 2000 && exec node --input-type=module -e "$SCRIPT"`;
  const env = { ...process.env, SCRIPT: script, TARGET: path, NODE_OPTIONS: "" };
  assert.equal(execFileSync("sh", ["-c", shell], { encoding: "utf8", env }).trim(), `cannot write ${path}`);
  assert.equal(readFileSync(path, "utf8"), "old");
  assert.deepEqual(readdirSync(folder), ["file"]);
});

test("reads up to the limit and refuses more", (t) => {
  const path = join(temporaryFolder(t), "file");
  writeFileSync(path, "x".repeat(100_000));
  assert.equal(readBounded(path, 100_000).length, 100_000);
  assert.throws(() => readBounded(path, 99_999), isError("InvalidArguments", path));
  writeFileSync(path, "");
  assert.equal(readBounded(path, 0).length, 0);
});

test("reads files that claim to be empty, as in /proc", () => {
  assert.match(readBounded("/proc/self/status", 100_000).toString(), /^Name:/);
});

test("a path that is no regular file is refused at once, even a pipe without a writer", (t) => {
  const folder = temporaryFolder(t);
  const pipe = join(folder, "pipe");
  execFileSync("mkfifo", [pipe]);
  assert.throws(() => readBounded(pipe, 10), isError("InvalidArguments", pipe));
  assert.throws(() => readBounded(folder, 10), isError("InvalidArguments", folder));
  assert.throws(() => readBounded("/dev/zero", 10), isError("InvalidArguments", "/dev/zero"));
});

test("a missing file is NotFound, or undefined where that is expected", (t) => {
  const path = join(temporaryFolder(t), "nothing");
  assert.throws(() => readBounded(path, 10), isError("NotFound", path));
  assert.equal(readIfPresent(path, 10), undefined);
  assert.equal(removeFile(path), false);
  writeFileSync(path, "now");
  assert.equal(readIfPresent(path, 10)?.toString(), "now");
  assert.equal(removeFile(path), true);
});
