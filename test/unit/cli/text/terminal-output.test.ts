import assert from "node:assert/strict";
import { test } from "node:test";
import { displayWidth } from "../../../../src/cli/text/printable.ts";
import { tableLines } from "../../../../src/cli/text/table.ts";
import { Output, styled } from "../../../../src/cli/text/terminal-output.ts";

function outputWith(columns: number | undefined, env: Readonly<Record<string, string>> = {}) {
  let text = "";
  const sink = {
    write: (part: string) => {
      text += part;
    },
    columns,
  };
  return { out: new Output(sink, env), text: () => text };
}

test("colours come on a terminal only, and never with NO_COLOR or on a dumb one", () => {
  const written = (columns: number | undefined, env = {}) => {
    const { out, text } = outputWith(columns, env);
    out.line(["State: ", styled("online", "good")]);
    return text();
  };
  assert.equal(written(80), "State: \x1b[32monline\x1b[0m\n");
  assert.equal(written(undefined), "State: online\n");
  assert.equal(written(80, { NO_COLOR: "1" }), "State: online\n");
  assert.equal(written(80, { TERM: "dumb" }), "State: online\n");
  assert.equal(written(80, { NO_COLOR: "" }), "State: \x1b[32monline\x1b[0m\n");
});

test("text from outside brings no escape sequences of its own, styled or not", () => {
  const { out, text } = outputWith(80);
  out.line([styled("\x1b[31mname", "bold"), "\x1b]52;c;x\x07"]);
  out.paragraph("a\x1b[2Jb");
  out.value("\x1b[0m");
  out.json({ "\x1b": "\u009b" });
  const foreign = text().replaceAll("\x1b[1m", "").replaceAll("\x1b[0m", "");
  for (const control of ["\x1b", "\u009b", "\x07"]) assert.equal(foreign.includes(control), false);
});

test("a line is cut at the terminal's edge, and not at all without a terminal", () => {
  const narrow = outputWith(20);
  narrow.out.line(["x".repeat(15), "y".repeat(15)]);
  assert.equal(narrow.text(), `${"x".repeat(15)}yyyy…\n`);
  const piped = outputWith(undefined);
  piped.out.line("x".repeat(500));
  assert.equal(piped.text().length, 501);
});

test("COLUMNS counts where there is no terminal; nonsense in it is passed over", () => {
  assert.equal(outputWith(undefined, { COLUMNS: "40" }).out.columns, 40);
  assert.equal(outputWith(undefined, { COLUMNS: "wide" }).out.columns, Number.POSITIVE_INFINITY);
  assert.equal(outputWith(100, { COLUMNS: "40" }).out.columns, 100);
  assert.equal(outputWith(3).out.columns, 20);
});

const columns = [
  { title: "NO", align: "right" as const },
  { title: "NAME", least: 6 },
  { title: "REASON", least: 6 },
];
const rows = [
  ["1", "Kaffeehaus", "addressing is in place"],
  ["12", "無料", "new"],
];
const asText = (width: number) =>
  tableLines(columns, rows, width).map((line) =>
    [line]
      .flat(2)
      .map((span) => (typeof span === "string" ? span : span.text))
      .join(""),
  );

test("a table takes its natural width where there is room", () => {
  assert.deepEqual(asText(80), [
    "NO  NAME        REASON",
    " 1  Kaffeehaus  addressing is in place",
    "12  無料        new",
  ]);
});

test("a narrow table cuts its longest column first, with an ellipsis", () => {
  assert.deepEqual(asText(30), ["NO  NAME        REASON", " 1  Kaffeehaus  addressing is…", "12  無料        new"]);
});

test("no table is wider than its terminal down to 20 columns", () => {
  for (let width = 20; width < 60; width++) {
    for (const line of asText(width)) assert.ok(displayWidth(line.trimEnd()) <= width, `${width}: ${line}`);
  }
});
