import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { verbHelpText } from "../../../src/cli/help.ts";
import { verbs } from "../../../src/cli/verbs.ts";
import { locationWords, modifierWords } from "../../../src/cli/words/automation-words.ts";
import { commonOptions } from "../../../src/cli/words/command-line.ts";
import { waitOnlineHelp, waitOnlineOptions } from "../../../src/cli/words/online-wish.ts";
import { parseArguments } from "../../../src/config/arguments.ts";
import { flagNames, settingNames } from "../../../src/config/settings.ts";
import { helperHelp, helperOptions } from "../../../src/helper/helper-arguments.ts";

const page = (name: string): string =>
  readFileSync(fileURLToPath(new URL(`../../../docs/man/${name}`, import.meta.url)), "utf8").replaceAll("\\-", "-");

test("fairlead(1) tells of every verb and every option, and of no others", () => {
  const text = page("fairlead.1");
  const [, verbSection = ""] = /^\.SH VERBS\n([\s\S]*?)^\.SH /m.exec(text) ?? [];
  const told = [...verbSection.matchAll(/^\.TP\n\.BR? (\w+)/gm)].map(([, name]) => name);
  assert.deepEqual(
    told,
    verbs.filter(({ isHidden }) => !isHidden).map(({ name }) => name),
  );
  const options = [...Object.keys(commonOptions), ...verbs.flatMap((verb) => Object.keys(verb.options ?? {}))];
  for (const name of options) assert.match(text, new RegExp(`--${name}\\b`), name);
  const known = new Set(options);
  for (const [, name = ""] of text.matchAll(/--([a-z][a-z-]*)/g)) assert.ok(known.has(name), `--${name} is no option`);
});

test("fairlead(1) and the help tell of every action of every verb, and of every setting", () => {
  const text = page("fairlead.1");
  for (const verb of verbs) {
    const [, told = ""] = new RegExp(`^\\.TP\n\\.BR? ${verb.name}\\b([\\s\\S]*?)^\\.TP$`, "m").exec(text) ?? [];
    const help = verbHelpText(verb);
    for (const action of Object.keys(verb.actions ?? {})) {
      assert.match(told, new RegExp(`\\b${action}\\b`), `${verb.name} ${action}`);
      assert.match(help, new RegExp(`^  ${action}\\b`, "m"));
    }
    const settings = { location: locationWords, modifier: modifierWords }[verb.name] ?? {};
    for (const word of Object.keys(settings)) {
      assert.match(told, new RegExp(`\\b${word}=`), `${verb.name} ${word}=`);
      assert.match(help, new RegExp(`\\b${word}=`), `${verb.name} ${word}=`);
    }
  }
});

test("fairleadd(8) tells of every option, and of no others", () => {
  const text = page("fairleadd.8");
  const options = [...flagNames, "config", "help", "version"];
  for (const name of settingNames) assert.ok(text.includes(name), name);
  for (const name of options) assert.match(text, new RegExp(`--${name}\\b`), name);
  const known = new Set<string>(options);
  for (const [, name = ""] of text.matchAll(/--([a-z][a-z-]*)/g)) assert.ok(known.has(name), `--${name} is no option`);
  assert.equal(parseArguments(["--help"]).kind, "help");
});

test("fairlead-wait-online(1) and its help tell of every option, and of no others", () => {
  for (const text of [page("fairlead-wait-online.1"), waitOnlineHelp]) {
    const told = [...text.matchAll(/--([a-z][a-z-]*)/g)].map(([, name]) => name);
    assert.deepEqual(new Set(told), new Set(Object.keys(waitOnlineOptions)));
  }
});

test("fairlead-helper(8) and its help tell of every option, and of no others", () => {
  for (const text of [page("fairlead-helper.8"), helperHelp]) {
    const told = [...text.matchAll(/--([a-z][a-z-]*)/g)].map(([, name]) => name);
    assert.deepEqual(new Set(told), new Set(Object.keys(helperOptions)));
  }
});
