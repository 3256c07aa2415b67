import assert from "node:assert/strict";
import { test } from "node:test";
import {
  isBusName,
  isInterfaceName,
  isMemberName,
  isObjectPath,
  isUniqueName,
} from "../../../../src/bus/wire/names.ts";

const cases: readonly (readonly [string, (text: string) => boolean, readonly string[], readonly string[]])[] = [
  [
    "object path",
    isObjectPath,
    ["/", "/a", "/a/b_9", `/${"x".repeat(5000)}`],
    ["", "a", "//", "/a/", "/a//b", "/a-b", "/ä", "/a b", "/a\0", "/a\n"],
  ],
  [
    "interface name",
    isInterfaceName,
    ["a.b", "A_1.b2"],
    ["", "a", ".a", "a.", "a..b", "1.b", "a.1", "a-b.c", `a.${"b".repeat(254)}`],
  ],
  ["member name", isMemberName, ["Get", "_x9"], ["", "9a", "a.b", "a-b", "a\n", "x".repeat(256)]],
  [
    "bus name",
    isBusName,
    ["a.b", "org.fairlead-x.Y", ":1.5", ":a.b-c.9"],
    ["", "a", ":", ":1", ":1..2", ":a b.c", "a..b", "9a.b", "a.b\n", ":1.5\n", `:1.${"9".repeat(256)}`],
  ],
];
for (const [what, isValid, good, bad] of cases) {
  test(`a valid ${what} is told from an invalid one, also when asked again`, () => {
    for (const round of [1, 2]) {
      for (const text of good) assert.ok(isValid(text), `${round}: ${text.slice(0, 40)}`);
      for (const text of bad) assert.ok(!isValid(text), `${round}: ${JSON.stringify(text.slice(0, 40))}`);
    }
  });
}

test("more names than are remembered are still judged rightly", () => {
  for (let at = 0; at < 2000; at++) {
    assert.ok(isUniqueName(`:1.${at}`));
    assert.ok(!isUniqueName(`1.${at}`));
  }
});
