import { type KnownHandlers, readNetworkConfig } from "../../config/uci/network-config.ts";
import { fairlead } from "../daemon.ts";
import { type ExitCode, exitCodes, Failure, usageFailure } from "../failure.ts";
import type { Verb, VerbCall } from "../verb.ts";
import { changeLine, errorsAmong, problemLine, readConfigText, reportOf } from "../view/config-report.ts";
import { shellWord } from "../words/shell-words.ts";
import { actionNames, actionOf, type ConfigAction, configActions } from "../words/verb-actions.ts";

export const config: Verb = {
  name: "config",
  operands: `${actionNames(configActions)} [FILE]`,
  leastOperands: 1,
  mostOperands: 2,
  summary: "checks a network configuration in UCI, the text of OpenWrt, and brings it into force",
  options: { empty: { doc: "import: of a file without any section, too, which removes the whole configuration" } },
  actions: configActions,
  completes: ["action", "file", "none"],
  async run(call) {
    const [word = "", file] = call.operands;
    const action = actionOf(configActions, word);
    if (call.options.has("empty") && action !== "import") throw usageFailure("--empty goes with import");
    return actions[action](call, file);
  },
};

const interfaceName = fairlead("Config1");

/** All other protocols are built in. */
const mayNeedHandler = /proto\b(?!['"\s]+(static|dhcp|pppoe|none)\b)/;

/** A daemon that runs knows which handlers there are; without one they stay unknown. */
async function knownHandlers({ daemon }: VerbCall): Promise<KnownHandlers | undefined> {
  try {
    const [names, whyNoOthers] = await (await daemon()).call("/", interfaceName, "Handlers", "", []);
    return { names: names as string[], whyNoOthers: String(whyNoOthers) };
  } catch (error) {
    if (error instanceof Failure) return undefined;
    throw error;
  }
}

type Act = (call: VerbCall, file: string | undefined) => Promise<ExitCode>;

const actions: Readonly<Record<ConfigAction, Act>> = {
  /** Needs no daemon: a file is looked at before it is put in place. One that runs tells which handlers there are. */
  check: async (call, file) => {
    const { out, options } = call;
    const [name, text] = await textOf(call, file);
    const handlers = mayNeedHandler.test(text) ? await knownHandlers(call) : undefined;
    const { problems } = readNetworkConfig(text, handlers);
    const errors = errorsAmong(problems);
    if (options.json) out.json({ file: name, errors, problems });
    else out.lines(problems.map((problem) => problemLine(name, problem)));
    return errors === 0 ? exitCodes.ok : exitCodes.refused;
  },
  preview: async (call, file) =>
    file === undefined ? ask(call, "PreviewReload") : askAbout(call, "PreviewImport", await textOf(call, file)),
  import: async (call, file) => {
    const text = await textOf(call, file);
    await refuseLoss(call, text);
    return askAbout(call, "ImportUci", text);
  },
  reload: (call, file) => {
    if (file !== undefined) throw usageFailure("reload takes no file: the daemon reads the one that it was given");
    return ask(call, "Reload");
  },
};

type NamedText = readonly [name: string, text: string];

/** An empty file is rather a mistake than the wish to have no configuration any more. */
async function refuseLoss({ daemon, options }: VerbCall, [name, text]: NamedText): Promise<void> {
  const { interfaces, devices, syntaxError } = readNetworkConfig(text);
  if (options.has("empty") || interfaces.size + devices.size > 0 || syntaxError) return;
  const { changes } = reportOf(await (await daemon()).call("/", interfaceName, "PreviewImport", "s", [text]));
  if (changes.length === 0) return;
  throw usageFailure(`${name} has no interface and no device: importing it removes the whole configuration`, [
    ...changes.map((change) => `  ${changeLine(change)}`),
    `to do so: fairlead config import --empty ${shellWord(name)}`,
  ]);
}

async function askAbout(call: VerbCall, method: string, [name, text]: NamedText): Promise<ExitCode> {
  try {
    return await ask(call, method, name, text);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    const { exitCode, message, errorName, details } = error;
    throw new Failure(exitCode, message.replace(/^the text:/, `${name}:`), errorName, details);
  }
}
/** Problems go below the changes: without changes the daemon has refused already. */
async function ask(
  { daemon, out, options }: VerbCall,
  method: string,
  file = "the configuration",
  ...args: string[]
): Promise<ExitCode> {
  const answer = await (await daemon()).call("/", interfaceName, method, "s".repeat(args.length), args);
  const { changes, problems } = reportOf(answer);
  if (options.json) out.json({ changes, problems });
  else {
    out.lines(changes.map(changeLine));
    if (changes.length === 0) out.line("nothing changes");
    out.lines(problems.map((problem) => problemLine(file, problem)));
  }
  return exitCodes.ok;
}

/** `-` is standard input. */
async function textOf({ readInput }: VerbCall, file: string | undefined): Promise<NamedText> {
  if (file === undefined) throw usageFailure("which file? its name is missing; - is standard input");
  return file === "-" ? ["-", await readInput(mostBytes)] : [file, readConfigText(file)];
}
const mostBytes = 1024 * 1024;
