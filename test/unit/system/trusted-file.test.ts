import assert from "node:assert/strict";
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { programFault, readTrustedFile } from "../../../src/system/trusted-file.ts";
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
