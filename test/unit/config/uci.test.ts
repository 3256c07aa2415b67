import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { parseUci, type UciFile, type UciSection, uciLimits } from "../../../src/config/uci/uci.ts";
import { anyText } from "../../harness/any-text.ts";
import { fuzzRuns } from "../../harness/fuzz-runs.ts";

const hasErrors = ({ problems }: Pick<UciFile, "problems">): boolean =>
  problems.some(({ severity }) => severity === "error");
/** The text of sections, as `uci export` writes it. */
function formatUci(sections: readonly UciSection[], packageName?: string): string {
  const head = packageName === undefined ? [] : [`package ${packageName}\n`];
  return [...head, ...sections.map(formatSection)].join("\n");
}
function formatSection({ type, name, options }: UciSection): string {
  const lines = [...options.values()].flatMap((option) =>
    option.values.map((value) => `\t${option.isList ? "list" : "option"} ${option.name} ${inQuotes(value)}\n`),
  );
  return `config ${type}${name === undefined ? "" : ` ${inQuotes(name)}`}\n${lines.join("")}`;
}
const inQuotes = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

/** One line for each section and option: `lan=interface`, `lan.dns='a' 'b'`. */
const shown = ({ sections }: Pick<UciFile, "sections">): string[] =>
  sections.flatMap(({ label, type, options }) => [
    `${label}=${type}`,
    ...[...options.values()].map(
      ({ name, values }) => `${label}.${name}=${values.map((value) => `'${value}'`).join(" ")}`,
    ),
  ]);
const problems = ({ problems: all }: UciFile): string[] =>
  all.map(({ line, column, severity, message }) => `${line}:${column} ${severity}: ${message}`);

test("sections, options and lists are read, with any quotes", () => {
  const file = parseUci(
    [
      "package network",
      "",
      "config interface 'lan'",
      "\toption proto static",
      '\toption "ipaddr" "192.0.2.1"',
      "\tlist dns '192.0.2.53'",
      "\tlist dns 192.0.2.54",
      "",
      "config route",
      "\toption target '198.51.100.0/24'",
    ].join("\n"),
  );
  assert.equal(file.package, "network");
  assert.deepEqual(shown(file), [
    "lan=interface",
    "lan.proto='static'",
    "lan.ipaddr='192.0.2.1'",
    "lan.dns='192.0.2.53' '192.0.2.54'",
    "@route[0]=route",
    "@route[0].target='198.51.100.0/24'",
  ]);
  assert.deepEqual(problems(file), []);
});

test("first letters, semicolons and Windows line ends do as well", () => {
  const file = parseUci("c interface lan; o proto none\r\no mtu 1400\r\nl dns 'a'\r\n");
  assert.deepEqual(shown(file), ["lan=interface", "lan.proto='none'", "lan.mtu='1400'", "lan.dns='a'"]);
  assert.deepEqual(problems(file), []);
});

test("comments end a word, and are data inside quotes", () => {
  const file = parseUci("config i x # c\n#option a 1\noption mtu 1492#pppoe\noption p 'a#b'\noption q \"c#d\"");
  assert.deepEqual(shown(file), ["x=i", "x.mtu='1492'", "x.p='a#b'", "x.q='c#d'"]);
});

test("pieces join, backslashes take the next character, quotes span lines", () => {
  const file = parseUci(
    `config i x\noption a 'it'\\''s'" \\"fine\\""\noption b one\\ word\noption c 'two\nlines'\noption d "jo\\\nined"`,
  );
  assert.deepEqual(shown(file), ["x=i", `x.a='it's "fine"'`, "x.b='one word'", "x.c='two\nlines'", "x.d='joined'"]);
  assert.deepEqual(problems(file), []);
});

test("an empty option is not set; an empty item is dropped with a note", () => {
  const file = parseUci(
    "config i x\noption a ''\noption b\noption c \"\"\nlist d ''\nlist d '1'\noption e 1\noption e ''",
  );
  assert.deepEqual(shown(file), ["x=i", "x.d='1'"]);
  assert.deepEqual(problems(file), ["5:6 note: an empty item of d was dropped"]);
});

test("a list after an option begins with its text; an option after a list takes its place", () => {
  const file = parseUci("config i x\noption a 1\nlist a 2\nlist b 1\nlist b 2\noption b 3");
  assert.deepEqual(shown(file), ["x=i", "x.a='1' '2'", "x.b='3'"]);
});

test("a section that is named again goes on, and items that come again are told", () => {
  const file = parseUci("config i x\nlist a 1\nconfig i y\nconfig i x\nlist a 1\nlist a 2");
  assert.deepEqual(shown(file), ["x=i", "x.a='1' '2'", "y=i"]);
  assert.deepEqual(problems(file), ["5:6 note: a has this item already"]);
});

test("anonymous sections count all of their type", () => {
  const file = parseUci("config interface a\nconfig interface\nconfig device\nconfig interface ''");
  assert.deepEqual(
    file.sections.map(({ label }) => label),
    ["a", "@interface[1]", "@device[0]", "@interface[2]"],
  );
});

test("two statements on one line: the first stands, the second is dropped with its place", () => {
  const file = parseUci("config i x\noption ipaddr '192.0.2.1' option netmask '255.255.255.0'");
  assert.deepEqual(shown(file), ["x=i", "x.ipaddr='192.0.2.1'"]);
  assert.deepEqual(problems(file), ["2:27 error: too many words: 3 were dropped; a value with blanks needs quotes"]);
});

test("a section with a bad name takes its options with it; the one before stays as it is", () => {
  const file = parseUci(
    "config i lan\noption a 1\nconfig i 'guest-net'\noption a 2\nlist b 3\nconfig i ok\noption my-note x",
  );
  assert.deepEqual(shown(file), ["lan=i", "lan.a='1'", "ok=i"]);
  assert.deepEqual(
    file.problems.map(({ line, severity }) => `${line} ${severity}`),
    ["3 error", "7 error"],
  );
});

test("one name for two types is refused with the line of the first", () => {
  const file = parseUci("config i x\noption a 1\nconfig j x\noption a 2");
  assert.deepEqual(shown(file), ["x=i", "x.a='1'"]);
  assert.deepEqual(problems(file), ["3:1 error: section x is a i already, from line 1"]);
});

test("options before the first section, unknown keywords and missing words are told", () => {
  const file = parseUci("option a 1\nCONFIG i x\nconfig\noption b 1\nconfig i y\noption\npackage\nconfig 'a b'");
  assert.deepEqual(shown(file), ["y=i"]);
  assert.deepEqual(
    problems(file).map((text) => text.replace(/ error:.*/, "")),
    ["1:1", "2:1", "3:1", "6:1", "7:1", "8:8"],
  );
});

test("no message repeats a value: it may be a password without its quotes", () => {
  const lines = [
    "option password my hunter2",
    "option password my;hunter2",
    "option password “hunter2”",
    "list password hunter2\n\tlist password hunter2",
    "option password 'hunter2",
    "option proto dhcp option password hunter2",
  ];
  for (const line of lines) {
    const told = problems(parseUci(`config interface wan\n\t${line}\n`));
    assert.ok(told.length > 0, line);
    assert.doesNotMatch(told.join("\n"), /hunter2/);
  }
});

test("a byte order mark and typographic quotes are told", () => {
  const file = parseUci("\ufeffconfig interface lan\nconfig interface \u2018wan\u2019\noption a 1");
  assert.deepEqual(shown(file), ["lan=interface"]);
  const [mark, ...others] = problems(file);
  assert.equal(mark, "1:1 note: a byte order mark is skipped");
  assert.match(others.join("\n"), /^2:18 .*typographic quotes/m);
  assert.equal(hasErrors(file), true);
});

test("a quote without an end is told where it begins", () => {
  const file = parseUci("config i x\noption a 'never\noption b 1");
  assert.deepEqual(problems(file), ["2:10 error: the quote ' has no end"]);
});

test("too much is refused, and told once", () => {
  const many = parseUci("config i\n".repeat(uciLimits.sections + 500));
  assert.equal(many.sections.length, uciLimits.sections);
  assert.equal(many.problems.length, uciLimits.problems);
  const long = parseUci(`config i x\noption a '${"y".repeat(uciLimits.bytes)}'`);
  assert.deepEqual([long.sections.length, long.problems.length], [0, 1]);
});

test("names of objects are names like others", () => {
  const file = parseUci("config __proto__ constructor\noption __proto__ 1\noption toString 2\nconstructor x");
  assert.deepEqual(shown(file), ["constructor=__proto__", "constructor.__proto__='1'", "constructor.toString='2'"]);
  assert.deepEqual(problems(file), ['4:1 error: "constructor" is no UCI keyword']);
});

const name = fc.stringMatching(/^[A-Za-z0-9_]{1,8}$/);
const value = anyText({ minLength: 1, maxLength: 20 }).map((text) => text.replaceAll("\r", "?"));
const option = fc.record({ name, isList: fc.boolean(), values: fc.uniqueArray(value, { minLength: 1, maxLength: 3 }) });
const section = fc.record({ type: name, name: fc.option(name, { nil: undefined }), options: fc.array(option) });

test("a written text is read again", () => {
  fc.assert(
    fc.property(fc.uniqueArray(section, { selector: ({ name: own }) => own ?? Symbol() }), (sections) => {
      const made = sections.map((one) => ({
        ...one,
        ...{ label: "", line: 1, column: 1 },
        options: new Map(
          one.options.map((some) => [
            some.name,
            { ...some, line: 1, column: 1, values: some.isList ? some.values : some.values.slice(0, 1) },
          ]),
        ),
      }));
      const text = formatUci(made, "network");
      const file = parseUci(text);
      assert.deepEqual(hasErrors(file), false, text);
      assert.equal(formatUci(file.sections, file.package), text);
    }),
    { numRuns: fuzzRuns },
  );
});

test("any text at all is read without a throw, and its problems have places in it", () => {
  const piece = fc.constantFrom(
    "config",
    "option",
    "list",
    "package",
    " ",
    "\n",
    ";",
    "'",
    '"',
    "\\",
    "#",
    "a",
    "\r",
    "b-c",
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 60 }), (pieces) => {
      const text = pieces.join("");
      const lines = text.split("\n").length;
      for (const { line, column } of parseUci(text).problems) {
        assert.ok(line >= 1 && line <= lines && column >= 1, `${line}:${column}`);
      }
    }),
    { numRuns: fuzzRuns },
  );
});
