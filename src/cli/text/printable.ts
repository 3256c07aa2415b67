/** Text of strangers (network names, messages of servers) made fit for a terminal, and measured in its columns. */

/**
 * Control and format characters, lone surrogates, line separators, and invisible ones: all that moves a cursor, hides
 * text or turns it around. Marks stay, also those that choose between two pictures.
 */
const unsafe = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]|(?!\p{M})\p{Default_Ignorable_Code_Point}/u;
const eachUnsafe = new RegExp(unsafe, "gu");
/** A pile of marks on one letter reaches into other lines; no language needs more than this. */
const markPile = /(\p{M}{4})\p{M}+/gu;
/** More than one line can sensibly hold; a hostile name may be megabytes long. */
const longestText = 4096;

/** The same text, on one line and without anything that a terminal would obey: each such character becomes U+FFFD. */
export const neutral = (text: string): string => text.replace(eachUnsafe, "\ufffd").replace(markPile, "$1");

/** As {@link neutral}, of text of several lines: their ends and tabs stay. */
export const neutralLines = (text: string): string => text.replace(/[^\n\t]+/g, neutral);

/** As {@link neutral}, and never longer than a line needs. */
export const printable = (text: string): string =>
  neutral(text.length > longestText ? `${text.slice(0, longestText)}…` : text);

export const hasUnsafe = (text: string): boolean => unsafe.test(text);

/** JSON whose strings hold nothing that a terminal obeys; it reads back as the same values. */
export const printableJson = (json: string): string =>
  json.replace(eachUnsafe, (character) =>
    // Between the values stand the line ends of indented output, which are ours.
    character === "\n" ? character : escapeUnits(character),
  );
const escapeUnits = (text: string): string => {
  let escaped = "";
  for (let at = 0; at < text.length; at++) escaped += `\\u${text.charCodeAt(at).toString(16).padStart(4, "0")}`;
  return escaped;
};

const mark = /\p{M}/u;
/** East Asian Wide and Fullwidth (Unicode annex 11), and pictures. */
const wide =
  /[\u1100-\u115f\u2329\u232a\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe10-\ufe19\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}/u;
const plainAscii = /^[\x20-\x7e]*$/;

const characterWidth = (character: string): number => (mark.test(character) ? 0 : wide.test(character) ? 2 : 1);

/** Columns that printable text takes. */
export function displayWidth(text: string): number {
  if (plainAscii.test(text)) return text.length;
  let width = 0;
  for (const character of text) width += characterWidth(character);
  return width;
}

/** At most `width` columns of printable text, ending in an ellipsis where something was left out. */
export function cutTo(text: string, width: number): string {
  if (displayWidth(text) <= width) return text;
  if (width < 1) return "";
  let cut = "";
  let used = 0;
  for (const character of text) {
    used += characterWidth(character);
    if (used > width - 1) break;
    cut += character;
  }
  return `${cut}…`;
}

const noBreak = "\u00a0";
/** A command to type, which {@link wrapWords} keeps on one line. */
export const command = (text: string): string => text.replaceAll(" ", noBreak);
/** For output that does not wrap. */
export const withBlanks = (text: string): string => text.replaceAll(noBreak, " ");

/** Lines of at most `width` columns, broken between words; a single word that is longer stays whole. */
export function wrapWords(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && displayWidth(line) + 1 + displayWidth(word) > width) {
      lines.push(line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line].map(withBlanks);
}
