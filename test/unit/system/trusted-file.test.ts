import assert from "node:assert/strict";
import { chmodSync, lchownSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { folderFault, programFault, readTrustedFile } from "../../../src/system/trusted-file.ts";
import { temporaryFolder } from "./temporary-folder.ts";

test("a program of our own in a folder of our own may be run; one that others could exchange may not", (t) => {
  const folder = temporaryFolder(t);
  const program = join(folder, "vpn");
  writeFileSync(program, "#!/bin/sh\n", { mode: 0o755 });
  assert.equal(programFault(program), undefined);
  chmodSync(program, 0o777);
  assert.match(programFault(program) ?? "", /can be written by others/);
  chmodSync(program, 0o644);
  assert.match(programFault(program) ?? "", /is no program/);
  assert.match(programFault(folder) ?? "", /is no program/);
  assert.match(programFault(join(folder, "none")) ?? "", /ENOENT/);
});

test("a folder on the way that others can write in counts, and so does one behind a symbolic link", (t) => {
  const folder = temporaryFolder(t);
  const open = join(folder, "open");
  mkdirSync(open);
  const program = join(open, "vpn");
  writeFileSync(program, "#!/bin/sh\n", { mode: 0o755 });
  symlinkSync(program, join(folder, "link"));
  assert.equal(programFault(join(folder, "link")), undefined);
  chmodSync(open, 0o777);
  for (const path of [program, join(folder, "link")]) assert.match(programFault(path) ?? "", /open can be written/);
});

test("a symbolic link on the way from one to the next counts, in its folder and by its owner", (t) => {
  const folder = temporaryFolder(t);
  const [trusted, open] = [join(folder, "trusted"), join(folder, "open")];
  for (const one of [trusted, open]) mkdirSync(one);
  const program = join(trusted, "vpn");
  writeFileSync(program, "#!/bin/sh\n", { mode: 0o755 });
  symlinkSync("vpn", join(trusted, "direct"));
  symlinkSync("../trusted/vpn", join(open, "second"));
  symlinkSync("../open/second", join(trusted, "first"));
  symlinkSync("open", join(folder, "way"));
  assert.equal(programFault(join(trusted, "direct")), undefined);
  assert.equal(programFault(join(trusted, "first")), undefined);
  chmodSync(open, 0o777);
  for (const path of [join(trusted, "first"), join(folder, "way", "second")]) {
    assert.match(programFault(path) ?? "", /open can be written by others/);
  }
  chmodSync(open, 0o755);
  symlinkSync("loop", join(trusted, "loop"));
  assert.match(programFault(join(trusted, "loop")) ?? "", /ELOOP/);
  if (process.geteuid?.() !== 0) return;
  lchownSync(join(open, "second"), 65_534, 65_534);
  assert.match(programFault(join(trusted, "first")) ?? "", /second belongs to user 65534/);
  rmSync(join(folder, "way"));
  symlinkSync("trusted", join(folder, "way"));
  lchownSync(join(folder, "way"), 65_534, 65_534);
  assert.match(folderFault(join(folder, "way")) ?? "", /way belongs to user 65534/);
  assert.throws(() => readTrustedFile(join(folder, "way", "vpn")), /way belongs to user 65534/);
});

test("a file is read when only we could have written it, and is bounded", (t) => {
  const folder = temporaryFolder(t);
  const file = join(folder, "work.nft");
  writeFileSync(file, "chain x { }\n", { mode: 0o644 });
  assert.equal(readTrustedFile(file), "chain x { }\n");
  chmodSync(file, 0o666);
  assert.throws(() => readTrustedFile(file), /can be written by others/);
  chmodSync(file, 0o644);
  writeFileSync(file, Buffer.alloc(1024 * 1024 + 1));
  assert.throws(() => readTrustedFile(file), /1048576 are allowed/);
  assert.throws(() => readTrustedFile(folder), /is no file/);
});
