import assert from "node:assert/strict";
import { test } from "node:test";
import { parseArguments } from "../../../src/lab/arguments.ts";

const defaults = { folder: "/tmp/lab", daemon: ["fairleadd"] };
const parse = (...args: string[]) => parseArguments(args, defaults);

test("without arguments the lab shows what happens", () => {
  assert.deepEqual(parse(), { ...defaults, mode: "show", command: [] });
});

test("--once and --shell choose what the lab is", () => {
  assert.equal(parse("--once").mode, "once");
  assert.equal(parse("--shell").mode, "shell");
});

test("the words after -- are a command, flags and all", () => {
  assert.deepEqual(parse("--", "fairlead", "status", "--json").command, ["fairlead", "status", "--json"]);
  assert.equal(parse("--", "true").mode, "command");
});

test("contradictions, unknown flags and a missing command are refused by name", () => {
  assert.throws(() => parse("--once", "--shell"), /exclude each other/);
  assert.throws(() => parse("--once", "--", "true"), /exclude each other/);
  assert.throws(() => parse("--twice"), /unknown argument --twice/);
  assert.throws(() => parse("--"), /followed by a command/);
});
