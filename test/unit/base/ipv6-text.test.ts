import assert from "node:assert/strict";
import { isIPv6 } from "node:net";
import { test } from "node:test";
import fc from "fast-check";
import { isIpv6Text } from "../../../src/base/ip-address.ts";
import { fuzzRuns } from "../../harness/fuzz-runs.ts";

test("addresses of every form are addresses", () => {
  const good = [
    "::",
    "::1",
    "1::",
    "fe80::1",
    "1:2:3:4:5:6:7:8",
    "1:2:3:4:5:6:7::",
    "::2:3:4:5:6:7:8",
    "::ffff:192.0.2.1",
  ];
  for (const text of [...good, "1:2:3:4:5:6:192.0.2.1", "FE80::ABCD"]) assert.equal(isIpv6Text(text), true, text);
});

test("a text that is nearly an address is none", () => {
  const bad = [
    "",
    ":",
    ":::",
    "1::2::3",
    "1:2:3:4:5:6:7",
    "1:2:3:4:5:6:7:8:9",
    "12345::",
    "g::",
    "fe80::1%eth0",
    "::1/64",
  ];
  const dotted = ["192.0.2.1", "192.0.2.1::", "::192.0.2.1:1", "::192.0.2.256", "1:2:3:4:5:6:7:192.0.2.1"];
  for (const text of [...bad, ...dotted, " ::1", ":1", "1:"]) assert.equal(isIpv6Text(text), false, text);
});

test("agrees with Node on every text without a zone", () => {
  const piece = fc.constantFrom(
    "0",
    "1",
    "ffff",
    "10000",
    "g",
    ":",
    ":",
    "::",
    "1.2.3.4",
    "256.1.1.1",
    ".",
    "",
    "/",
    " ",
  );
  const texts = fc.oneof(
    fc.array(piece, { maxLength: 17 }).map((parts) => parts.join("")),
    fc.ipV6(),
    fc.string(),
  );
  fc.assert(
    fc.property(texts, (text) => {
      fc.pre(!text.includes("%"));
      assert.equal(isIpv6Text(text), isIPv6(text), JSON.stringify(text));
    }),
    { numRuns: fuzzRuns },
  );
});
