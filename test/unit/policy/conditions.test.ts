import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { DaemonError } from "../../../src/base/errors.ts";
import { evaluateList, type PlaceFacts, parseCondition } from "../../../src/policy/conditions.ts";
import { anyText } from "../../harness/any-text.ts";
import { fuzzRuns } from "../../harness/fuzz-runs.ts";

const nowhere: PlaceFacts = {
  addresses: [],
  advertisedDomains: [],
  systemDomain: undefined,
  essids: [],
  bssids: [],
  gatewayMacs: [],
  minuteOfDay: 12 * 60,
  isActive: () => undefined,
};
const objects = new Map([
  ["policy Automatic", true],
  ["modifier vpn", false],
]);
const office: PlaceFacts = {
  addresses: ["10.1.2.3", "2001:db8::5"],
  advertisedDomains: ["Office.example.org."],
  systemDomain: "corp.example",
  essids: [Buffer.from("Office WLAN")],
  bssids: ["00:14:6c:aa:bb:cc"],
  gatewayMacs: ["02:00:00:00:00:01"],
  minuteOfDay: 23 * 60 + 15,
  isActive: (kind, name) => objects.get(`${kind} ${name}`),
};
const isTrue = (text: string, facts = office): boolean => parseCondition(text).evaluate(facts).isTrue;

const rows: readonly (readonly [condition: string, inOffice: boolean, nowhere: boolean])[] = [
  ["ip-address is 10.1.2.3", true, false],
  ["ip-address is 10.1.2.4", false, false],
  ["ip-address is-not 10.1.2.4", true, true],
  ["ip-address is-not 10.1.2.3", false, true],
  ["ip-address is-in-range 10.0.0.0/8", true, false],
  ["ip-address is-in-range 2001:db8::/32", true, false],
  ["ip-address is-not-in-range 192.168.0.0/16", true, true],
  ["ip-address is-not-in-range 10.0.0.0/8", false, true],
  ["advertised-domain is office.EXAMPLE.org", true, false],
  ["advertised-domain contains example", true, false],
  ["advertised-domain does-not-contain example", false, true],
  ["system-domain is corp.example", true, false],
  ["system-domain is-not corp.example", false, true],
  ['essid is "Office WLAN"', true, false],
  ["essid is hex:4f666669636520574c414e", true, false],
  ["essid is office", false, false],
  ["essid contains Office", true, false],
  ["essid is-not Home", true, false],
  ["bssid is 0:14:6c:AA:bb:cc", true, false],
  ["bssid is-not 0:14:6c:aa:bb:cd", true, false],
  ["gateway-mac is 02:00:00:00:00:01", true, false],
  ["time is-in-range 22:00-06:00", true, false],
  ["time is-in-range 08:00-17:30", false, true],
  ["time is-not-in-range 08:00-23:15", true, false],
  ["policy Automatic is active", true, false],
  ["ncp Automatic is-not active", false, false],
  ["enm vpn is-not active", true, false],
  ["location there is-not active", false, false],
];

for (const [text, inOffice, elsewhere] of rows) {
  test(`"${text}" is ${inOffice} in the office and ${elsewhere} without a network`, () => {
    assert.deepEqual([isTrue(text), isTrue(text, nowhere)], [inOffice, elsewhere]);
  });
}

test("the normal form says the same, in our words", () => {
  assert.equal(parseCondition("  enm   vpn is-not   active ").text, "modifier vpn is-not active");
  assert.equal(parseCondition('essid is "a \\"b\\" c"').text, 'essid is "a \\"b\\" c"');
  for (const [text] of rows) {
    const once = parseCondition(text).text;
    assert.equal(parseCondition(once).text, once);
  }
});

test("a condition's share of a rating is the weight of its kind and its operator together", () => {
  const rating = (text: string) => parseCondition(text).rating;
  assert.equal(rating("ip-address is-in-range 10.0.0.0/8"), 6);
  assert.equal(rating("essid is Home"), 5);
  assert.equal(rating("advertised-domain contains example.org"), 7);
  assert.equal(rating("loc Home is-not active"), 7);
});

test("a verdict names what it stands on", () => {
  assert.equal(parseCondition('essid is "Home"').evaluate(office).because, 'essid: "Office WLAN"');
  assert.equal(parseCondition("bssid is 0:0:0:0:0:1").evaluate(nowhere).because, "there is no bssid");
  assert.equal(parseCondition("enm vpn is active").evaluate(office).because, "modifier vpn is not active");
});

const refused: readonly (readonly [text: string, column: number, words: RegExp])[] = [
  ["", 1, /empty/],
  ["weather is fine", 1, /weather is nothing/],
  ["__proto__ is x", 1, /nothing/],
  ["essid", 6, /needs an operator/],
  ["essid matches x", 7, /no operator here: is, is-not, contains/],
  ["essid is-in-range x", 7, /no operator/],
  ["essid is Office WLAN", 17, /need quotes/],
  ['essid is "Office', 10, /no end/],
  ["essid is hex:4", 10, /hexadecimal/],
  [`essid is ${"x".repeat(33)}`, 10, /1 to 32 bytes/],
  ["ip-address is 10.0.0.256", 15, /not an IP address/],
  ["ip-address is-in-range 10.0.0.0/33", 24, /./],
  ["bssid is 00:11", 10, /./],
  ["time is-in-range 8-17", 18, /08:00-17:30/],
  ["time is-in-range 08:00-24:01", 18, /time of day/],
  ["policy Automatic is fast", 21, /active/],
  ["policy Automatic contains active", 18, /no operator/],
  [`essid is ${"x".repeat(600)}`, 513, /longer than 512/],
];
for (const [text, column, words] of refused) {
  test(`"${text.slice(0, 40)}" is refused at column ${column}`, () => {
    assert.throws(
      () => parseCondition(text),
      (error) => {
        assert.ok(error instanceof DaemonError && error.code === "InvalidArguments", String(error));
        assert.equal(error.context.column, column);
        assert.match(error.message, words);
        return true;
      },
    );
  });
}

test("any: one that is true is enough, and the one that says most decides", () => {
  const conditions = ["essid is Home", "ip-address is-in-range 10.0.0.0/8", 'essid is "Office WLAN"'].map(
    parseCondition,
  );
  const verdict = evaluateList({ mode: "any", conditions }, office);
  assert.deepEqual([verdict.isTrue, verdict.rating], [true, 6]);
  assert.match(verdict.because, /^ip-address is-in-range/);
  assert.equal(evaluateList({ mode: "any", conditions }, nowhere).isTrue, false);
});

test("all: each has to be true, and they count together; the first that is not is named", () => {
  const conditions = ['essid is "Office WLAN"', "advertised-domain contains example.org"].map(parseCondition);
  assert.deepEqual(evaluateList({ mode: "all", conditions }, office).rating, 12);
  const verdict = evaluateList(
    { mode: "all", conditions: [...conditions, parseCondition("enm vpn is active")] },
    office,
  );
  assert.deepEqual([verdict.isTrue, verdict.rating], [false, 0]);
  assert.match(verdict.because, /modifier vpn is active \(modifier vpn is not active\)/);
});

test("a list without conditions is never true", () => {
  for (const mode of ["any", "all"] as const) {
    assert.equal(evaluateList({ mode, conditions: [] }, office).isTrue, false);
  }
});

test("any text is parsed or refused with a column in it", () => {
  const word = fc.oneof(
    fc.constantFrom("essid", "is", "ip-address", "time", "policy", "active", '"', "\\", " "),
    anyText({ maxLength: 5 }),
  );
  fc.assert(
    fc.property(fc.array(word, { maxLength: 8 }), (words) => {
      const text = words.join(" ");
      try {
        assert.equal(typeof parseCondition(text).evaluate(office).isTrue, "boolean");
      } catch (error) {
        if (!(error instanceof DaemonError)) throw error;
        assert.ok(Number(error.context.column) <= text.length + 1);
      }
    }),
    { numRuns: fuzzRuns },
  );
});
