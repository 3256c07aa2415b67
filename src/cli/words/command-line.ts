import { usageFailure } from "../failure.ts";
import { type OptionDef, Options, type Verb } from "../verb.ts";
import { quoted } from "../view/object-names.ts";
import { didYouMean, nearWords } from "./near-words.ts";

/** Every verb takes these, before or after its name. */
export const commonOptions = {
  json: { doc: "machine-readable output with stable field names" },
  "bus-address": { value: "ADDRESS", doc: "D-Bus address instead of DBUS_SYSTEM_BUS_ADDRESS or the system bus" },
  help: { doc: "this text, or that of the verb; as a word too: fairlead help VERB" },
  version: { doc: "version of this program" },
} as const satisfies Readonly<Record<string, OptionDef>>;

export interface CommandLine {
  readonly verb: Verb | undefined;
  readonly operands: readonly string[];
  readonly options: Options;
}

/**
 * Options may stand anywhere before `--`; a single `-` and negative numbers are operands. Throws a usage
 * {@link import("../failure.ts").Failure} for an argument that the verb does not take.
 */
export function parseCommandLine(args: readonly string[], verbs: readonly Verb[]): CommandLine {
  const words: string[] = [];
  const given = new Map<string, string>();
  let verb: Verb | undefined;
  const take = (word: string): void => {
    if (verb) words.push(word);
    else if (word === "help") given.set(word, "");
    else verb = findVerb(word, verbs);
  };
  for (let at = 0; at < args.length; at++) {
    const word = args[at] as string;
    if (word === "--") {
      for (const rest of args.slice(at + 1)) take(rest);
      break;
    }
    if (isOption(word)) at += takeOption(word, args[at + 1], verb, given);
    else take(word);
  }
  const options = new Options(given);
  if (verb && !options.has("help")) checkOperands(verb, words);
  return { verb, operands: words, options };
}

const isOption = (word: string): boolean => word.startsWith("-") && word !== "-" && !/^-\d/.test(word);

/** How many further words it took. */
function takeOption(word: string, next: string | undefined, verb: Verb | undefined, given: Map<string, string>): 0 | 1 {
  const [, name = "", , inline] = /^--([^=]*)(=([\s\S]*))?$/.exec(word === "-h" ? "--help" : word) ?? [];
  const known: Readonly<Record<string, OptionDef>> = { ...commonOptions, ...verb?.options };
  const def = Object.hasOwn(known, name) ? known[name] : undefined;
  if (!def) throw unknownOption(word, verb);
  if (given.has(name)) throw usageFailure(`--${name} is given twice`);
  if (def.value === undefined) {
    if (inline !== undefined) throw usageFailure(`--${name} takes no value`);
    given.set(name, "");
    return 0;
  }
  const value = inline ?? next;
  if (value === undefined) throw usageFailure(`--${name} needs a value: --${name} ${def.value}`);
  given.set(name, value);
  return inline === undefined ? 1 : 0;
}

function unknownOption(word: string, verb: Verb | undefined) {
  const asValue = verb && verb.mostOperands > 0 ? ["a value that begins with - stands after --, at the end"] : [];
  return usageFailure(`unknown option ${quoted(word)}${verb ? ` for ${verb.name}` : ""}`, [...asValue, seeHelp(verb)]);
}

function findVerb(word: string, verbs: readonly Verb[]): Verb {
  const verb = verbs.find(({ name }) => name === word);
  if (verb) return verb;
  const names = verbs.filter(({ isHidden }) => !isHidden).map(({ name }) => name);
  const near = nearWords(word, names);
  const hint = near.length > 0 ? didYouMean(near) : seeHelp(undefined);
  throw usageFailure(`unknown verb ${quoted(word)}`, [hint]);
}

function checkOperands(verb: Verb, words: readonly string[]): void {
  const { leastOperands, mostOperands } = verb;
  if (words.length >= leastOperands && words.length <= mostOperands) return;
  const problem =
    words.length < leastOperands ? "too few words" : `unexpected ${quoted(words[mostOperands] as string)}`;
  throw usageFailure(`${problem}; usage: ${usageOf(verb)}`);
}

export const usageOf = ({ name, operands }: Verb): string => `fairlead ${name} ${operands}`.trim();
const seeHelp = (verb: Verb | undefined): string => `see: fairlead ${verb ? `${verb.name} ` : ""}--help`;
