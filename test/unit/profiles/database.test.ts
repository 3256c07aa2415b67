import assert from "node:assert/strict";
import { test } from "node:test";
import { describeError } from "../../../src/base/errors.ts";
import { loadFailure } from "../../../src/profiles/database.ts";

test("an addon that was built for another Node says in one sentence which command helps", () => {
  const cause = new Error("The module\n'x.node'\nwas compiled against NODE_MODULE_VERSION 115. ... requires 137.");
  const text = describeError(loadFailure(cause, "v24.22.3"));
  assert.match(text, /built for another Node than this v24\.22\.3; in fairlead's folder, run `npm run build`/);
  assert.doesNotMatch(text, /\n|NODE_MODULE_VERSION/);
});

test("an addon that cannot be loaded for another reason keeps the reason", () => {
  const text = describeError(loadFailure(new Error("no such file"), "v24.22.3"));
  assert.match(text, /cannot be loaded; .*`npm run build`.*no such file/);
});
