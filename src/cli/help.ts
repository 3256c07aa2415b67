import { wrapWords } from "./text/printable.ts";
import type { Actions, OptionDef, Verb } from "./verb.ts";
import { commonOptions, usageOf } from "./words/command-line.ts";

const width = 80;
const column = 30;

const entry = (term: string, text: string): string[] => {
  const [first = "", ...more] = wrapWords(text, width - column);
  const lines = [first, ...more].map((line) => " ".repeat(column) + line);
  if (term.length + 4 > column) return [`  ${term}`, ...lines];
  return [`  ${term}`.padEnd(column) + first, ...lines.slice(1)];
};

const optionLines = (options: Readonly<Record<string, OptionDef>>): string[] =>
  Object.entries(options).flatMap(([name, { value, doc }]) => entry(`--${name}${value ? ` ${value}` : ""}`, doc));

export function helpText(verbs: readonly Verb[]): string {
  const lines = [
    "usage: fairlead VERB [OPERAND ...] [--json] [--bus-address ADDRESS]",
    "",
    "Talks to fairleadd, the connection manager.",
    "",
    ...verbs
      .filter(({ isHidden }) => !isHidden)
      .flatMap((verb) => entry(`${verb.name} ${verb.operands}`.trim(), verb.summary)),
    "",
    ...optionLines(commonOptions),
    "",
    "Ends with 0: done; 1: refused by the daemon; 2: usage; 3: daemon not running.",
  ];
  return `${lines.join("\n")}\n`;
}

const actionLines = (actions: Actions): string[] =>
  Object.entries(actions).flatMap(([name, { operands = "", doc }]) => entry(`${name} ${operands}`.trim(), doc));

export function verbHelpText(verb: Verb): string {
  const actions = verb.actions ? [...actionLines(verb.actions), ""] : [];
  const lines = [`usage: ${usageOf(verb)}`, "", ...wrapWords(verb.summary, width), "", ...actions];
  return `${[...lines, ...optionLines({ ...verb.options, ...commonOptions })].join("\n")}\n`;
}
