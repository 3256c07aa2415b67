import { readNetworkConfig } from "../../config/uci/network-config.ts";
import { type ConfigAction, configActions } from "../config-actions.ts";
import { errorsAmong, problemLine, readConfigText } from "../config-report.ts";
import { type ExitCode, exitCodes, usageFailure } from "../failure.ts";
import { quoted } from "../names.ts";
import type { Verb, VerbCall } from "../verb.ts";

export const config: Verb = {
  name: "config",
  operands: `${configActions.join("|")} [FILE]`,
  leastOperands: 1,
  mostOperands: 2,
  summary: "checks a network configuration in UCI, the text of OpenWrt",
  completes: ["config-action", "none"],
  async run(call) {
    const [word = "", file] = call.operands;
    const action = configActions.find((known) => known === word);
    if (!action) throw usageFailure(`${quoted(word)} is none of ${configActions.join(", ")}`);
    return actions[action](call, file);
  },
};

type Act = (call: VerbCall, file: string | undefined) => Promise<ExitCode>;

const actions: Readonly<Record<ConfigAction, Act>> = {
  /** Needs no daemon: a file is looked at before it is put in place. */
  check: async (call, file) => {
    const { out, options } = call;
    const [name, text] = await textOf(call, file);
    const { problems } = readNetworkConfig(text);
    const errors = errorsAmong(problems);
    if (options.json) out.json({ file: name, errors, problems });
    else out.lines(problems.map((problem) => problemLine(name, problem)));
    return errors === 0 ? exitCodes.ok : exitCodes.refused;
  },
};

/** `-` is standard input. */
async function textOf({ readInput }: VerbCall, file: string | undefined): Promise<readonly [string, string]> {
  if (file === undefined) throw usageFailure("which file? its name is missing; - is standard input");
  return file === "-" ? ["-", await readInput(mostBytes)] : [file, readConfigText(file)];
}
const mostBytes = 1024 * 1024;
