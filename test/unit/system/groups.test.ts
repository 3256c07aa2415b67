import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { isInGroup } from "../../../src/system/accounts.ts";
import { temporaryFolder } from "../../harness/temporary-folder.ts";

function accounts(t: TestContext, group = "root:x:0:\nnetdev:x:108:alice,bob\nstaff:x:50:\n") {
  const folder = temporaryFolder(t);
  const files = { group: join(folder, "group"), passwd: join(folder, "passwd") };
  writeFileSync(files.group, group);
  writeFileSync(files.passwd, "alice:x:1000:1000::/:/bin/sh\ncarol:x:1002:108::/:/bin/sh\n");
  return files;
}

test("the kernel's groups of a process decide, not those of the files", (t) => {
  const files = accounts(t);
  assert.equal(isInGroup({ uid: 1001, gids: [1001, 108] }, "netdev", files), true);
  assert.equal(isInGroup({ uid: 1000, gids: [1000] }, "netdev", files), false, "alice has not logged in anew");
  assert.equal(isInGroup({ uid: 1000, gids: [] }, "netdev", files), false);
});

test("where the kernel does not say, the files do: as a member, or by the account's own group", (t) => {
  const files = accounts(t);
  const isIn = (uid: number, name = "netdev") => isInGroup({ uid, gids: undefined }, name, files);
  assert.equal(isIn(1000), true, "alice is listed");
  assert.equal(isIn(1002), true, "it is carol's own group");
  assert.equal(isIn(1000, "staff"), false);
  assert.equal(isIn(1001), false, "bob is listed, and has no account of this number");
});

test("a group or files that are not there, and lines that are none, have no members", (t) => {
  const files = accounts(t, "netdev\nnetdev:x::alice\nnetdev:x:-1:alice\nother:x:108:alice\n");
  for (const gids of [undefined, [0, 108]]) assert.equal(isInGroup({ uid: 1000, gids }, "netdev", files), false);
  assert.equal(isInGroup({ uid: 1000, gids: [108] }, "net", files), false);
  const nowhere = { group: `${files.group}-none`, passwd: `${files.passwd}-none` };
  assert.equal(isInGroup({ uid: 0, gids: [0] }, "netdev", nowhere), false);
});
