import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Signature } from "../../../src/base/property.ts";
import { encodeBody } from "../../../src/bus/wire/encode.ts";
import { Writer } from "../../../src/bus/wire/writer.ts";
import { Failure } from "../../../src/cli/failure.ts";
import { verbs } from "../../../src/cli/verbs.ts";
import { propertyTypes } from "../../../src/cli/view/property-type.ts";
import { parseCommandLine } from "../../../src/cli/words/command-line.ts";
import { parseValue, splitList } from "../../../src/cli/words/parse-value.ts";
import { shellWords } from "../../../src/cli/words/shell-words.ts";
import { parseStaticIp } from "../../../src/cli/words/static-ip-words.ts";
import { anyText } from "../../harness/any-text.ts";
import { fuzzRuns } from "../../harness/fuzz-runs.ts";
import { FakeDaemon } from "./fake-daemon.ts";

const runs = { numRuns: fuzzRuns };
const words = fc.array(
  fc.oneof(
    anyText(),
    fc.constantFrom(
      "--json",
      "--wait",
      "-",
      "--",
      "-5",
      "status",
      "set",
      "a=b",
      "__proto__",
      "--__proto__=1",
      "address=1.2.3.4/5",
    ),
  ),
);
const signatures = [
  "b",
  "y",
  "n",
  "q",
  "i",
  "u",
  "x",
  "t",
  "s",
  "o",
  "as",
  "ao",
  "ay",
  "aq",
  "a{ss}",
  "a{sv}",
  "aa{sv}",
  "(ss)",
];

/** Every error has to be for people. */
function survives(act: () => unknown): void {
  try {
    act();
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
  }
}

test("no words on a command line make the parsers throw anything but a sentence", () => {
  fc.assert(
    fc.property(words, (given) => {
      survives(() => parseCommandLine(given, verbs));
      survives(() => parseStaticIp(given));
      shellWords(given.join(" "));
    }),
    runs,
  );
});

test("every value that the parser lets through can be sent in its type", () => {
  fc.assert(
    fc.property(words, fc.constantFrom(...signatures), (given, signature) => {
      survives(() => {
        const value = parseValue(given, { property: "P", signature, current: undefined });
        const writer = new Writer();
        writer.begin(1 << 20);
        try {
          encodeBody(writer, signature, [value]);
        } catch (error) {
          // Two things no string on the bus may hold; the port says so when it is sent.
          assert.match(String(error), /NUL|surrogate|well-formed|UTF/i);
        }
      });
    }),
    runs,
  );
});

test("a list that was split has the items it was made of", () => {
  fc.assert(
    fc.property(fc.array(fc.string({ minLength: 1 }), { minLength: 1 }), (items) => {
      assert.deepEqual(splitList(items.map((item) => item.replace(/[\\,]/g, "\\$&")).join(",")), items);
    }),
    runs,
  );
});

test("introspection data of strangers gives types or nothing", () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      const xml = `<interface name="x"><property name="A" type="s" access="write"/><property ${text}></interface>`;
      propertyTypes(xml, "x");
    }),
    runs,
  );
});

const anyValue = fc.oneof(
  fc.tuple(fc.constant<Signature>("s"), fc.string({ unit: "grapheme" })),
  fc.tuple(fc.constant<Signature>("b"), fc.boolean()),
  fc.tuple(fc.constant<Signature>("i"), fc.integer()),
  fc.tuple(fc.constant<Signature>("t"), fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })),
  fc.tuple(fc.constant<Signature>("as"), fc.array(fc.string({ unit: "grapheme" }))),
  fc.tuple(fc.constant<Signature>("ao"), fc.constant(["/service/0", "/service/1", "/device/eth0", "/", "/no/where"])),
  fc.tuple(
    fc.constant<Signature>("o"),
    fc.constantFrom("/service/0", "/device/eth1", "/ipconfig/eth0_1_dhcp", "/", "/x"),
  ),
);
const paths = [
  "/",
  "/service/0",
  "/service/1",
  "/device/eth0",
  "/device/eth1",
  "/ipconfig/eth0_1_dhcp",
  "/profile/default",
];

test("a daemon whose properties are of any type is shown or refused, never a fault of ours", async (t) => {
  const change = fc.tuple(fc.constantFrom(...paths), fc.nat(), anyValue);
  const numRuns = Math.min(runs.numRuns / 20, 1000);
  await fc.assert(
    fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 12 }), async (changes) => {
      const daemon = await FakeDaemon.start(t);
      for (const [path, at, [signature, value]] of changes) {
        const { values } = daemon.at(path);
        const name = [...values.keys()][at % values.size] as string;
        values.set(name, { signature, value });
        daemon.at(path).retype(name, signature);
      }
      for (const args of [
        ["status"],
        ["services", "--all"],
        ["devices", "--all"],
        ["profiles"],
        ["why"],
        ["why", "eth0"],
        ["get", "eth0"],
      ]) {
        const { err } = await daemon.run(...args);
        assert.doesNotMatch(err, /internal error/, args.join(" "));
      }
    }),
    { numRuns },
  );
});
