import { resolve } from "node:path";
import { type ParseArgsConfig, parseArgs } from "node:util";
import {
  checkSettings,
  flagNames,
  isSettingName,
  refusal,
  type SettingName,
  type Settings,
  setting,
  settingNames,
} from "./settings.ts";

/** Request of the command line. */
export type CommandLine =
  | { readonly kind: "help"; readonly text: string }
  | { readonly kind: "version" }
  | {
      readonly kind: "run";
      readonly flags: Settings;
      /** As given by `--config`; absolute. */
      readonly configFile: string | undefined;
    };

type Options = NonNullable<ParseArgsConfig["options"]>;

interface OptionToken {
  readonly name: string;
  /** With its dashes. */
  readonly rawName: string;
  readonly value: string | undefined;
  readonly inlineValue: boolean | undefined;
}

const options: Options = {
  config: { type: "string" },
  version: { type: "boolean" },
  help: { type: "boolean", short: "h" },
  ...Object.fromEntries(
    flagNames.map((name) => [name, { type: setting(name).argument === undefined ? "boolean" : "string" }]),
  ),
};

/**
 * Reads the arguments of fairleadd (without node and script). Throws DaemonError InvalidArguments: a message of one
 * line, for exit code 2.
 */
export function parseArguments(argv: readonly string[]): CommandLine {
  const given = parseStrictly(argv);
  if (given.has("help")) return { kind: "help", text: helpText() };
  if (given.has("version")) return { kind: "version" };
  const raw = new Map<SettingName, unknown>();
  for (const [name, value] of given) if (isSettingName(name)) raw.set(name, fromText(name, value));
  const config = given.get("config");
  if (config === "") throw refusal("--config: needs the path of a file");
  return {
    kind: "run",
    flags: checkSettings(raw, (name) => `--${name}`),
    configFile: typeof config === "string" ? resolve(config) : undefined,
  };
}

/** Not the strict mode of the parser: its sentences differ between versions of Node and quote line ends as they are. */
function parseStrictly(argv: readonly string[]): ReadonlyMap<string, string | boolean> {
  const given = new Map<string, string | boolean>();
  const { tokens } = parseArgs({ args: [...argv], options, strict: false, tokens: true });
  for (const token of tokens) {
    if (token.kind === "positional") throw refusal(`unexpected argument ${quote(token.value)}; see fairleadd --help`);
    if (token.kind !== "option") continue;
    if (given.has(token.name)) throw refusal(`--${token.name} is given twice`);
    given.set(token.name, optionValue(token));
  }
  return given;
}

function optionValue(token: OptionToken): string | boolean {
  const type = Object.hasOwn(options, token.name) ? options[token.name]?.type : undefined;
  if (type === undefined) throw refusal(`unknown option ${quote(token.rawName)}; see fairleadd --help`);
  if (type === "boolean") {
    if (token.value === undefined) return true;
    throw refusal(`--${token.name} takes no value`);
  }
  // A text that looks like the next option is more likely a forgotten value; with "=" it is taken as it stands.
  if (token.value === undefined || (!token.inlineValue && token.value.startsWith("-"))) {
    throw refusal(`--${token.name} needs a value`);
  }
  return token.value;
}

const quote = (text: string): string => JSON.stringify(text.slice(0, 60));

/** The form a value has in the file. An empty list is an empty list, not one empty name. */
function fromText(name: SettingName, value: string | boolean): unknown {
  const { separator, isPath, isNumber } = setting(name);
  if (typeof value !== "string") return value;
  const items = separator && value !== "" ? value.split(separator) : [];
  if (separator) return isPath ? items.map((item) => resolve(item)) : items;
  if (isNumber) return /^\d+(\.\d+)?$/.test(value) ? Number(value) : value;
  return isPath && value !== "" ? resolve(value) : value;
}

const helpLine = (flag: string, help: string): string => `  ${flag.padEnd(32)}${help}\n`;

const fileOnlyLines = (): readonly string[] =>
  settingNames.flatMap((name) => {
    const { argument = "", help, isOfFileOnly } = setting(name);
    return isOfFileOnly ? [helpLine(`${name} = ${argument}`, help)] : [];
  });

function helpText(): string {
  const flags = flagNames.map((name) => {
    const { argument, help } = setting(name);
    return helpLine(`--${name}${argument === undefined ? "" : ` ${argument}`}`, help);
  });
  return [
    "usage: fairleadd [OPTION]...\n",
    "Finds the links, knows the networks, connects to the best one and keeps it working.\n\n",
    ...flags,
    helpLine("--config FILE", "default /etc/fairlead/fairlead.toml, which may be missing"),
    helpLine("--version", "prints the version"),
    helpLine("--help", "prints this"),
    "\nEach option but the last three is also a key of the configuration file; options win.\n",
    "The file alone has:\n",
    ...fileOnlyLines(),
    "Exit status: 0 after SIGTERM or SIGINT, 1 when the bus or its name cannot be had,\n",
    "2 when an option or the file is wrong.\n",
  ].join("");
}
