/** The word as a person types it: in quotes where the shell would take it apart. */
export const shellWord = (word: string): string =>
  /^[\p{L}\p{N}_.:@%+,/][\p{L}\p{N}_.:@%+,/-]*$/u.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;

/**
 * The words of an unfinished shell command line, quotes and backslashes taken out; nothing is expanded. The last one is
 * the word being typed, empty after a blank.
 */
export function shellWords(line: string): string[] {
  const words: string[] = [];
  let word: string | undefined;
  let quote = "";
  for (let at = 0; at < line.length; at++) {
    const character = line[at] as string;
    if (character === "\\" && quote !== "'") word = (word ?? "") + (line[++at] ?? "");
    else if (quote !== "") {
      if (character === quote) quote = "";
      else word = (word ?? "") + character;
    } else if (character === '"' || character === "'") {
      quote = character;
      word ??= "";
    } else if (character === " " || character === "\t") {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else word = (word ?? "") + character;
  }
  return [...words, word ?? ""];
}
