import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { contract } from "../../conformance/contract.ts";
import { conformancePage, presence, testsOf } from "../../conformance/page.ts";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const page = join(root, "docs/conformance.md");

if (process.env.FAIRLEAD_UPDATE === "1") writeFileSync(page, conformancePage(root));

test("docs/conformance.md says what the contract and the tables say", () => {
  assert.equal(readFileSync(page, "utf8"), conformancePage(root), "npm run generate");
});

test("every member of the contract is there, with its type and access, and has a test; an absent or other one says why", () => {
  const tests = testsOf(root);
  for (const [name, rows] of contract) {
    for (const row of rows) {
      const where = `${name}.${row.name}`;
      const here = presence(name, row);
      // Members that come with their technology may be absent; that the method is of no use here is as good an answer.
      if (row.mark === "L" && (!here || row.kind === "method")) continue;
      if (!here || (row.kind === "property" && here.access !== row.access)) {
        assert.ok(row.remark, `${where}: absent or of another access, and no word on why`);
      } else assert.ok(tests(row, name).length > 0, `${where} has no test`);
    }
  }
});
