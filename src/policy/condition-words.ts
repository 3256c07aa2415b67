/** Words of a condition with their columns: blanks divide, double quotes hold blanks together. Pure. */
import { DaemonError } from "../base/errors.ts";

export interface ConditionWord {
  readonly text: string;
  /** From 1. */
  readonly column: number;
}

/** As long as the longest property of NWAM's; a name of a network has 32 bytes, a domain 253. */
const longestCondition = 512;

/** Throws InvalidArguments with the column. */
export function conditionWords(text: string): readonly ConditionWord[] {
  if (text.length > longestCondition) {
    throw refusal(longestCondition + 1, `the condition is longer than ${longestCondition} characters`);
  }
  const words: ConditionWord[] = [];
  for (let at = 0; at < text.length; ) {
    if (/\s/.test(text.charAt(at))) at++;
    else {
      const word = readWord(text, at);
      words.push({ text: word.text, column: at + 1 });
      at = word.end;
    }
  }
  return words;
}

function readWord(text: string, from: number): { readonly text: string; readonly end: number } {
  let word = "";
  let isQuoted = false;
  let at = from;
  for (; at < text.length; at++) {
    const char = text.charAt(at);
    if (char === "\\" && isQuoted && at + 1 < text.length) word += text.charAt(++at);
    else if (char === '"') isQuoted = !isQuoted;
    else if (!isQuoted && /\s/.test(char)) break;
    else word += char;
  }
  if (isQuoted) throw refusal(from + 1, "the quote has no end");
  return { text: word, end: at };
}

/** A word as it has to be written to be read as one. */
export const quoteWord = (text: string): string =>
  /^[^\s"]+$/.test(text) ? text : `"${text.replaceAll(/["\\]/g, "\\$&")}"`;

/** `column` is in the message and in the context. */
export const refusal = (column: number, message: string): DaemonError =>
  new DaemonError("InvalidArguments", `column ${column}: ${message}`, { context: { column } });
