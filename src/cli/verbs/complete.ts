import { exitCodes } from "../failure.ts";
import type { Verb } from "../verb.ts";
import { candidatesFor, fileNames } from "../words/completion.ts";
import { shellWords } from "../words/shell-words.ts";

/** A person who pressed Tab waits no longer than this for a daemon that does not answer. */
const limitMs = 1500;

/**
 * For the scripts of `completion`: the line up to the cursor, and the characters at which the shell breaks words
 * besides blanks. One candidate per line, without the part of the word that stands before the last such character; a
 * lone tab where the shell is to complete names of files.
 */
export const complete: Verb = {
  name: "__complete",
  operands: "LINE [BREAKS]",
  leastOperands: 1,
  mostOperands: 2,
  summary: "candidates for the last word of a command line",
  isHidden: true,
  async run(call) {
    const [line = "", breaks = ""] = call.operands;
    const [, ...words] = shellWords(line);
    const read = async () => {
      const daemon = await call.daemon();
      return { daemon, snapshot: await daemon.snapshot() };
    };
    let cancel = () => {};
    const late = new Promise<string[]>((resolve) => {
      cancel = call.clock.startTimer("complete", limitMs, () => resolve([]));
    });
    // Without a daemon there are no names to offer, and Tab is no place for an error.
    const found = await Promise.race([candidatesFor(words, call.verbs, read).catch((): string[] => []), late]);
    cancel();
    const typed = words.at(-1) ?? "";
    const kept = lastBreak(typed, breaks);
    if (found.includes(fileNames)) call.out.verbatim(`${fileNames}\n`);
    else for (const candidate of found) call.out.value(candidate.slice(kept));
    return exitCodes.ok;
  },
};

function lastBreak(typed: string, breaks: string): number {
  let after = 0;
  for (const [at, character] of [...typed].entries())
    if (":=".includes(character) && breaks.includes(character)) after = at + 1;
  return after;
}
