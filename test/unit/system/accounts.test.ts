import assert from "node:assert/strict";
import { test } from "node:test";
import { uidOfAccount, uidOfLine } from "../../../src/system/accounts.ts";

test("an account is asked for by its name, and a number is no name", async () => {
  assert.equal(await uidOfAccount("root"), 0);
  assert.equal(await uidOfAccount("0"), undefined);
  assert.equal(await uidOfAccount("nobodyIsCalledSo"), undefined);
});

test("only the line of the account that was meant counts", () => {
  assert.equal(uidOfLine("alice:x:1501:1501::/:/bin/sh\n", "alice"), 1501);
  for (const line of ["", "bob:x:1:1\n", "alice", "alice:x:-1:", "alice:x:one:"]) {
    assert.equal(uidOfLine(line, "alice"), undefined, line);
  }
});
