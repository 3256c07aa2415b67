import assert from "node:assert/strict";
import { test } from "node:test";
import { DaemonError } from "../../../src/base/errors.ts";
import {
  formatProfileIdentifier,
  isSameProfile,
  parseProfileIdentifier,
  profileLocation,
  profilePath,
} from "../../../src/profiles/profile-identifier.ts";

const folders = { stateDir: "/var/lib/fairlead", runDir: "/run/fairlead" };

/** identifier | D-Bus path | file */
const table: readonly (readonly [string, string, string])[] = [
  ["default", "/profile/default", "/var/lib/fairlead/profiles/default.db"],
  ["Test7", "/profile/Test7", "/var/lib/fairlead/profiles/Test7.db"],
  ["~chronos/shill", "/profile/chronos/shill", "/run/fairlead/user_profiles/chronos/shill.db"],
  ["~u/0", "/profile/u/0", "/run/fairlead/user_profiles/u/0.db"],
  ["x".repeat(64), `/profile/${"x".repeat(64)}`, `/var/lib/fairlead/profiles/${"x".repeat(64)}.db`],
];

for (const [text, path, location] of table) {
  test(`${text} names ${path}`, () => {
    const identifier = parseProfileIdentifier(text);
    assert.equal(formatProfileIdentifier(identifier), text);
    assert.equal(profilePath(identifier), path);
    assert.equal(profileLocation(folders, identifier), location);
  });
}

const refused = [
  "",
  " ",
  "~",
  "~/",
  "~user",
  "~user/",
  "~/name",
  "user/name",
  "~user/name/more",
  "~~user/name",
  "a b",
  "default\n",
  "\ndefault",
  "a.b",
  "..",
  "../default",
  "~../default",
  "~user/..",
  "a_b",
  "a-b",
  "é",
  "ａ",
  "a\u0000",
  "x".repeat(65),
  `~${"x".repeat(65)}/a`,
  "x".repeat(1_000_000),
];

for (const text of refused) {
  test(`${JSON.stringify(text.slice(0, 70))} is no identifier`, () => {
    assert.throws(
      () => parseProfileIdentifier(text),
      (error) => error instanceof DaemonError && error.code === "InvalidArguments" && error.message.length < 300,
    );
  });
}

test("a Profile of the machine is not that of a user of the same name", () => {
  const machine = parseProfileIdentifier("a");
  assert.ok(isSameProfile(machine, parseProfileIdentifier("a")));
  assert.ok(!isSameProfile(machine, parseProfileIdentifier("~a/a")));
  assert.ok(!isSameProfile(parseProfileIdentifier("~a/a"), parseProfileIdentifier("~b/a")));
});
