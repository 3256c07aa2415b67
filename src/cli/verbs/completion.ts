import { exitCodes, usageFailure } from "../failure.ts";
import type { Verb } from "../verb.ts";
import { quoted } from "../view/object-names.ts";
import { shellScripts } from "../words/shell-scripts.ts";

export const completion: Verb = {
  name: "completion",
  operands: "bash|zsh|fish",
  leastOperands: 1,
  mostOperands: 1,
  summary: "prints a completion script for a shell",
  completes: ["shell", "none"],
  async run({ operands, options, out }) {
    const [shell = ""] = operands;
    const script = Object.hasOwn(shellScripts, shell) ? shellScripts[shell] : undefined;
    if (script === undefined)
      throw usageFailure(`there is no completion for ${quoted(shell)}; only bash, zsh and fish`);
    if (options.json) out.json({ shell, script });
    else out.verbatim(script);
    return exitCodes.ok;
  },
};
